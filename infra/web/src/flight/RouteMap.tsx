import { useLingui } from "@lingui/react/macro";
import { geoPath } from "d3-geo";
import { useEffect, useMemo, useRef, useState } from "react";
import { feature, mesh } from "topojson-client";
import atlas from "world-atlas/countries-110m.json";
import styles from "./flight.module.css";
import { course, fitted, type Place, placeAfter } from "./route";

const LAND = feature(atlas, atlas.objects.land);
const BORDERS = mesh(atlas, atlas.objects.countries, (one, other) => one !== other);

/** An airport on the map. */
export type Stop = { code: string; at: Place };

/**
 * A route on the map. `turned`: the airport it was diverted to. `part`: how far along it the aircraft is, from 0 to 1;
 * none where that is not known. `says`: all of it in a sentence.
 */
export default function RouteMap(props: {
  from: Stop;
  to: Stop;
  turned?: Stop;
  part?: number;
  says: string;
}) {
  const { t } = useLingui();
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const height = Math.round(Math.min(Math.max(width * 0.52, 190), 380));
  const { from, to, turned, part } = props;
  const flown = turned ?? to; // where the aircraft goes in the end
  const drawn = useMemo(() => {
    const projection = fitted(turned ? [from.at, to.at, turned.at] : [from.at, to.at], width, height);
    projection.clipExtent([
      [-8, -8],
      [width + 8, height + 8],
    ]);
    const path = geoPath(projection).digits(1);
    const line = (end: Place) => path({ type: "LineString", coordinates: [from.at, end] }) ?? undefined;
    return { projection, land: path(LAND) ?? "", borders: path(BORDERS) ?? "", line };
  }, [from, to, turned, width, height]);
  const { projection } = drawn;
  const here = part === undefined ? undefined : placeAfter(from.at, flown.at, part);
  const at = here && projection(here);
  return (
    <div ref={frame} className={styles.map}>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        width={width}
        height={height}
        role="img"
        aria-label={props.says}
      >
        <title>{t`The route on the map`}</title>
        <path className={styles.land} d={drawn.land} />
        <path className={styles.borders} d={drawn.borders} />
        <path className={turned ? styles.notFlown : styles.way} d={drawn.line(to.at)} />
        {turned && <path className={styles.way} d={drawn.line(turned.at)} />}
        {here && part !== undefined && part > 0 && <path className={styles.flown} d={drawn.line(here)} />}
        {[from, to, ...(turned && turned.code !== from.code ? [turned] : [])].map((stop) => (
          <Dot key={stop.code} stop={stop} at={projection(stop.at)} width={width} height={height} />
        ))}
        {at && part !== undefined && part > 0 && part < 1 && (
          <g
            transform={`translate(${at[0]} ${at[1]}) rotate(${course(projection, from.at, flown.at, part)})`}
          >
            <path className={styles.aircraft} d={AIRCRAFT} />
          </g>
        )}
      </svg>
    </div>
  );
}

// An aircraft seen from above, flying up, about its middle.
const AIRCRAFT =
  "M0-13c1.4 0 2 2 2 4v4.6L12 2.5V5L2 2v5.4l3.4 2.6v1.9L0 10.4-5.4 11.9V10L-2 7.4V2L-12 5V2.5L-2-4.4V-9c0-2 .6-4 2-4Z";

function Dot(props: { stop: Stop; at: [number, number] | null; width: number; height: number }) {
  if (!props.at) return null;
  const [x, y] = props.at;
  const atEdge = x > props.width - 70;
  const low = y > props.height - 30;
  return (
    <>
      <circle className={styles.stop} cx={x} cy={y} r={5} />
      <text
        className={styles.stopName}
        x={x}
        y={y}
        dx={atEdge ? "-0.7em" : "0.7em"}
        dy={low ? "-0.5em" : "1.1em"}
        textAnchor={atEdge ? "end" : "start"}
      >
        {props.stop.code}
      </text>
    </>
  );
}

function useWidth(frame: React.RefObject<HTMLDivElement | null>): number {
  const [width, setWidth] = useState(360);
  useEffect(() => {
    if (!frame.current) return;
    const watcher = new ResizeObserver(
      ([entry]) => entry && setWidth(Math.max(entry.contentRect.width, 200)),
    );
    watcher.observe(frame.current);
    return () => watcher.disconnect();
  }, [frame]);
  return width;
}
