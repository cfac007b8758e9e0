import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ApiProblem } from "../api/problems";
import { headline } from "../flight/headline";
import { numbered } from "../flight/numbered";
import { useNow } from "../live/clock";
import { useFlight } from "../live/flights";
import { Loading } from "../ui/states";
import ui from "../ui/ui.module.css";
import type { Subject } from "./device";
import styles from "./follow.module.css";

const MOST = 3; // legs of a number on a day that are shown

/** How what is followed stands at present. */
export function FlightNow({ subject }: { subject: Subject }) {
  if (subject.flight) return <Leg id={subject.flight} />;
  if (subject.number && subject.date) return <Legs number={subject.number} date={subject.date} />;
  return null; // a route's flights are its board's
}

function Leg({ id }: { id: string }) {
  const { t, i18n } = useLingui();
  const now = useNow(30);
  const { data, error } = useFlight(id);
  if (!data && error instanceof ApiProblem && error.status === 404) return <Unknown />;
  if (!data && error)
    return (
      <p className={ui.hint}>
        <Trans>How it stands can’t be shown at the moment.</Trans>
      </p>
    );
  if (!data) return <Loading lines={1} label={t`Loading how it stands`} />;
  const { says, tone } = headline(data, now, i18n);
  const { departure, arrival } = data;
  return (
    <div className={styles.now}>
      <span>
        {departure.city ?? departure.airport} → {arrival.city ?? arrival.airport ?? "?"}
      </span>
      <span className={ui.badge} data-tone={tone}>
        {says}
      </span>
    </div>
  );
}

function Legs({ number, date }: { number: string; date: string }) {
  const { t } = useLingui();
  const { data, isPending } = useQuery({ ...numbered(number, date), refetchInterval: 60_000 });
  if (isPending) return <Loading lines={1} label={t`Loading how it stands`} />;
  if (!data?.flights.length) return <Unknown />;
  return (
    <>
      {data.flights.slice(0, MOST).map(({ id }) => (
        <Link key={id} to="/flights/$id" params={{ id }}>
          <Leg id={id} />
        </Link>
      ))}
    </>
  );
}

function Unknown() {
  return (
    <p className={ui.hint}>
      <Trans>Not known yet. You are told of it from when it appears.</Trans>
    </p>
  );
}
