import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, Navigate } from "@tanstack/react-router";
import type { FlightDetail } from "../api/types";
import { useNow } from "../live/clock";
import { Page } from "../ui/page";
import { Failed, Loading, Notice } from "../ui/states";
import { day, isoDate, zoneName } from "../ui/times";
import ui from "../ui/ui.module.css";
import styles from "./flight.module.css";
import { headline } from "./headline";
import { numbered } from "./numbered";
import { moment } from "./spans";

const route = getRouteApi("/flights");

/** A flight number on a date: the leg, where there is one; else which of them is meant. */
export function FlightsPage() {
  const { t } = useLingui();
  const now = useNow(60);
  const { number = "", date } = route.useSearch();
  const on = date ?? isoDate(now, Intl.DateTimeFormat().resolvedOptions().timeZone);
  const { data, error, refetch } = useQuery(numbered(number, on));
  const [only, ...others] = data?.flights ?? [];
  const asked = number.toUpperCase();
  const written = readable(on);
  if (only && !others.length) return <Navigate to="/flights/$id" params={{ id: only.id }} replace />;
  if (!number) {
    return (
      <Page title={t`Which flight?`} narrow>
        <p>
          <Trans>A flight is found by its number, such as UA1545, and the date it leaves on.</Trans>
        </p>
        <SearchAgain />
      </Page>
    );
  }
  if (only) {
    return (
      <Page title={t`Which flight ${asked} do you mean?`} narrow>
        <p>
          <Trans>On {written} it flies more than one leg.</Trans>
        </p>
        <ul className={styles.legs}>
          {data?.flights.map((leg) => (
            <li key={leg.id}>
              <Leg leg={leg} now={now} />
            </li>
          ))}
        </ul>
      </Page>
    );
  }
  if (error) {
    return (
      <Page title={t`Flight ${asked}`} narrow>
        <Failed error={error} again={refetch} />
        <SearchAgain />
      </Page>
    );
  }
  if (!data) {
    return (
      <Page title={t`Flight ${asked}`} narrow>
        <Loading label={t`Looking for the flight`} />
      </Page>
    );
  }
  return (
    <Page title={t`No flight ${asked} on ${written}`} narrow>
      <Notice>
        <Trans>
          No flight {asked} is known that leaves on {written}, by the date where it sets out. Flights are
          known from about three days before they leave.
        </Trans>
      </Notice>
      <p>
        <Trans>You can follow it now: you are told of changes as soon as it is known.</Trans>
      </p>
      <div className={ui.actions}>
        <Link to="/following" search={{ number: asked, date: on }} className={`${ui.button} ${ui.main}`}>
          <Trans>Follow {asked}</Trans>
        </Link>
        <SearchAgain />
      </div>
    </Page>
  );
}

function SearchAgain() {
  return (
    <Link to="/" className={ui.button}>
      <Trans>Search again</Trans>
    </Link>
  );
}

function Leg({ leg, now }: { leg: FlightDetail; now: number }) {
  const { i18n } = useLingui();
  const { departure, arrival } = leg;
  const { scheduled_out: off, zone } = departure;
  const out = off && `${moment(off, zone, i18n)} ${zoneName(off, zone, i18n.locale)}`;
  const { says, tone } = headline(leg, now, i18n);
  return (
    <Link to="/flights/$id" params={{ id: leg.id }} className={styles.leg}>
      <span className={styles.legRoute}>
        {departure.city ?? departure.airport} → {arrival.city ?? arrival.airport}
      </span>
      <span>
        {leg.number} {out && <>· {out}</>}
      </span>
      <span className={styles.place} data-tone={tone}>
        {says}
      </span>
    </Link>
  );
}

/** A date as it stands in an address, as a day that is read; the text itself where it is no date. */
function readable(date: string): string {
  const noon = Date.parse(`${date}T12:00:00Z`);
  return Number.isNaN(noon) ? date : day(noon, "UTC", document.documentElement.lang || "en");
}
