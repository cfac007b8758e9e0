import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useFlight } from "../live/flights";
import type { Flight } from "../live/merge";
import { Loading } from "../ui/states";
import ui from "../ui/ui.module.css";
import styles from "./flight.module.css";
import { aircraftPlace } from "./inbound";
import { numbered } from "./numbered";
import { numberOf } from "./timeline";

/** Which aircraft flies, where it is now, and where it goes on to. */
export function Aircraft({ flight }: { flight: Flight }) {
  const { registration, aircraft_type, inbound, onward } = flight;
  if (!registration && !aircraft_type && !inbound && !onward) return null;
  return (
    <section className={ui.card} aria-labelledby="aircraft">
      <h2 id="aircraft">
        <Trans>Your aircraft</Trans>
      </h2>
      {inbound && flight.phase !== "cancelled" && (
        <Known id={inbound}>{(known) => known && <Inbound id={inbound} flight={flight} />}</Known>
      )}
      <dl className={styles.facts}>
        {aircraft_type && (
          <div>
            <dt>
              <Trans>Type</Trans>
            </dt>
            <dd>{aircraft_type}</dd>
          </div>
        )}
        {registration && (
          <div>
            <dt>
              <Trans>Registration</Trans>
            </dt>
            <dd>{registration}</dd>
          </div>
        )}
        {inbound && <LegLink id={inbound} label={<Trans>Comes from flight</Trans>} />}
        {onward && <LegLink id={onward} label={<Trans>Flies on as</Trans>} />}
      </dl>
    </section>
  );
}

function Inbound({ id, flight }: { id: string; flight: Flight }) {
  const { t, i18n } = useLingui();
  const { data, isPending } = useFlight(id);
  if (isPending) return <Loading lines={1} label={t`Loading where your aircraft is`} />;
  if (!data) return null;
  const { says, tone } = aircraftPlace(data, flight, i18n);
  return (
    <p className={styles.place} data-tone={tone}>
      {says}
    </p>
  );
}

function LegLink({ id, label }: { id: string; label: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>
        <Known id={id}>
          {(known) =>
            known ? (
              <Link to="/flights/$id" params={{ id }}>
                {numberOf(id)}
              </Link>
            ) : (
              numberOf(id)
            )
          }
        </Known>
      </dd>
    </div>
  );
}

/** Whether a leg that a flight names is known here: its day may be over for longer than flights are kept. */
function Known({ id, children }: { id: string; children: (known: boolean) => ReactNode }) {
  const [, number = "", date = ""] = /^(.+)-(\d{8})-\w+$/.exec(id) ?? [];
  const day = date.replace(/(....)(..)(..)/, "$1-$2-$3");
  const { data } = useQuery(numbered(number, day));
  return children(data?.flights.some((leg) => leg.id === id) ?? false);
}
