import { type GeoProjection, geoAzimuthalEquidistant, geoCircle, geoDistance, geoInterpolate } from "d3-geo";
import type { Flight } from "../live/merge";

/** A place on the globe: longitude and latitude in degrees. */
export type Place = [longitude: number, latitude: number];

const EARTH = 6371; // km, its mean radius
const ALMOST = 0.98; // of the way: further than that nobody is before the landing is reported
const NEAR = 750; // km around the middle of a short route, so that one sees where on the map it is

/** How far a flight has come, from 0 to 1; none where that does not follow from its times. Estimated, not from radar. */
export function partFlown(flight: Flight, now: number): number | undefined {
  const { phase, runway, departure, arrival } = flight;
  if (phase === "cancelled" || phase === "returned") return undefined;
  if (phase === "diverted") return runway.actual_on || arrival.actual_in ? 1 : undefined;
  if (phase === "landed" || phase === "arrived") return 1;
  if (phase !== "airborne") return 0;
  const off = runway.actual_off ?? departure.actual_out;
  const on = runway.estimated_on ?? arrival.expected_in;
  if (!off || !on || Date.parse(on) <= Date.parse(off)) return undefined;
  const part = (now - Date.parse(off)) / (Date.parse(on) - Date.parse(off));
  return Math.min(Math.max(part, 0), ALMOST);
}

/** The shortest way between two places, in kilometres. */
export function kilometres(from: Place, to: Place): number {
  return geoDistance(from, to) * EARTH;
}

/** The place after a part of the shortest way. */
export function placeAfter(from: Place, to: Place, part: number): Place {
  return geoInterpolate(from, to)(part);
}

/**
 * A map with the way in its middle, upright there: so no route is torn apart, not over the pole and not across the date
 * line. Of a short one it shows enough around it to know the coast by.
 */
export function fitted(
  places: readonly [Place, Place, ...Place[]],
  width: number,
  height: number,
): GeoProjection {
  const [from, to] = places;
  const middle = placeAfter(from, to, 0.5);
  const projection = geoAzimuthalEquidistant().rotate([-middle[0], -middle[1]]).precision(0.3);
  const margin = Math.min(width, height) * 0.14;
  const extent: [[number, number], [number, number]] = [
    [margin, margin],
    [width - margin, height - margin],
  ];
  const reach = Math.max(...places.map((place) => kilometres(middle, place)));
  if (reach < NEAR) {
    const around = geoCircle()
      .center(middle)
      .radius(((NEAR / EARTH) * 180) / Math.PI)();
    return projection.fitExtent(extent, around);
  }
  return projection.fitExtent(extent, {
    type: "MultiPoint",
    coordinates: [
      ...places,
      ...Array.from({ length: 19 }, (_, step) => placeAfter(from, to, (step + 1) / 20)),
    ],
  });
}

/** Which way is forward on the map after a part of the way: degrees clockwise from up. */
export function course(projection: GeoProjection, from: Place, to: Place, part: number): number {
  const [back, front] = [Math.max(part - 0.01, 0), Math.min(part + 0.01, 1)].map((each) =>
    projection(placeAfter(from, to, each)),
  );
  if (!back || !front) return 0;
  return (Math.atan2(front[0] - back[0], back[1] - front[1]) * 180) / Math.PI;
}
