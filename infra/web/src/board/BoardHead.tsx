import { Trans, useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import type { AirportLine, Direction } from "../api/types";
import { useNow } from "../live/clock";
import { clockTime, zoneName } from "../ui/times";
import styles from "./board.module.css";

/** Which airport, which of its boards, and what time it is there. */
export function BoardHead(props: {
  iata: string;
  direction: Direction;
  airport?: AirportLine;
  zone?: string;
}) {
  const { t } = useLingui();
  const { iata, airport, direction } = props;
  const zone = props.zone ?? airport?.zone;
  return (
    <header className={styles.head}>
      <div className={styles.airport}>
        <span className={styles.code} aria-hidden="true">
          {iata}
        </span>
        <div>
          <h1 tabIndex={-1} lang={airport && "en"}>
            {airport?.name ?? iata}
          </h1>
          {airport && (
            <p className={styles.where} lang="en">
              {[...new Set([airport.city, airport.subdivision])].filter(Boolean).join(", ")}
            </p>
          )}
        </div>
      </div>
      {zone && <Clock zone={zone} />}
      <nav aria-label={t`Board`} className={styles.tabs}>
        {(["departures", "arrivals"] as const).map((each) => (
          <Link
            key={each}
            to="/airports/$iata/$direction"
            params={{ iata, direction: each }}
            aria-current={each === direction ? "page" : undefined}
            className={styles.tab}
          >
            {each === "departures" ? <Trans>Departures</Trans> : <Trans>Arrivals</Trans>}
          </Link>
        ))}
      </nav>
    </header>
  );
}

function Clock({ zone }: { zone: string }) {
  const { i18n } = useLingui();
  const now = useNow(1);
  return (
    <p className={styles.clock}>
      <span className="hidden-but-read">
        <Trans>Time at the airport</Trans>{" "}
      </span>
      <time className={styles.hands}>{clockTime(now, zone, i18n.locale)}</time>{" "}
      <span className={styles.zone}>{zoneName(now, zone, i18n.locale)}</span>
    </p>
  );
}
