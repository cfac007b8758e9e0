import type { I18n } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import { Trans, useLingui } from "@lingui/react/macro";
import { lazy, Suspense, useMemo } from "react";
import { useAirport } from "../home/airports";
import { useNow } from "../live/clock";
import type { Flight } from "../live/merge";
import ui from "../ui/ui.module.css";
import styles from "./flight.module.css";
import { kilometres, partFlown } from "./route";

const RouteMap = lazy(() => import("./RouteMap"));

/** The route on a map, and the aircraft’s place along it; the map comes when it is needed. */
export function Route({ flight }: { flight: Flight }) {
  const { i18n } = useLingui();
  const now = useNow(30);
  const from = useStop(flight.departure.airport);
  const to = useStop(flight.arrival.airport);
  const turned = useStop(flight.diverted_to);
  if (!from || !to || from.code === to.code) return null;
  const elsewhere = turned && turned.code !== to.code ? turned : undefined;
  const part = flight.diverted_to === "" ? undefined : partFlown(flight, now);
  const arrivedAfterAll = flight.phase === "diverted" && Boolean(flight.arrival.actual_in);
  const says = routeWords(flight, kilometres(from.at, to.at), part, i18n);
  return (
    <section className={ui.card} aria-labelledby="route">
      <h2 id="route">
        <Trans>The route</Trans>
      </h2>
      <Suspense fallback={<div className={`${styles.mapWaits} ${ui.skeleton}`} />}>
        <RouteMap
          from={from}
          to={to}
          turned={elsewhere}
          part={arrivedAfterAll ? undefined : part}
          says={says}
        />
      </Suspense>
      <p>{says}</p>
      {flight.phase === "airborne" && part !== undefined && (
        <p className={ui.hint}>
          <Trans>The place is estimated from the times of the flight. It is not from radar.</Trans>
        </p>
      )}
    </section>
  );
}

/** How far it is and how far it has come, in a sentence. */
export function routeWords(flight: Flight, length: number, part: number | undefined, i18n: I18n): string {
  const number = new Intl.NumberFormat(i18n.locale);
  const whole = number.format(roundly(length));
  const origin = flight.departure.city ?? flight.departure.airport;
  const destination = flight.arrival.city ?? flight.arrival.airport ?? "";
  if (flight.phase === "airborne" && part !== undefined) {
    const flown = number.format(roundly(length * part));
    return i18n._(msg`About ${flown} of ${whole} km flown from ${origin} to ${destination}`);
  }
  if (flight.phase === "diverted") {
    return i18n._(msg`${whole} km from ${origin} to ${destination}; the flight was diverted on the way`);
  }
  return i18n._(msg`${whole} km from ${origin} to ${destination}`);
}

function roundly(km: number): number {
  const step = km < 100 ? 5 : km < 1000 ? 10 : 50;
  return Math.round(km / step) * step;
}

function useStop(code: string | null | undefined) {
  const { data } = useAirport(code);
  return useMemo(() => data && code && { code, at: [data.lon, data.lat] as [number, number] }, [data, code]);
}
