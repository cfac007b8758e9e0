import { Trans, useLingui } from "@lingui/react/macro";
import { useIsRestoring, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Direction } from "../api/types";
import type { Board } from "../live/merge";
import { Page } from "../ui/page";
import { Failed, Loading } from "../ui/states";
import { relative } from "../ui/times";
import ui from "../ui/ui.module.css";
import { type Airport, useAirport, useOwnAirports } from "./airports";
import { Finder } from "./Finder";
import styles from "./home.module.css";

/** Where everything begins: an airport or a flight to find, and the boards that are near. */
export function HomePage() {
  const { t } = useLingui();
  const own = useOwnAirports();
  return (
    <Page
      title={t`Departures and arrivals, live`}
      heading={
        <div className={styles.hero}>
          <h1 tabIndex={-1}>
            <Trans>Where do you fly from?</Trans>
          </h1>
          <p>
            <Trans>Every departure and arrival as it changes, and a message when your flight does.</Trans>
          </p>
          <Finder label={t`Airport, city or flight number`} />
        </div>
      }
    >
      <LastSeen />
      {own.isPending && <Loading label={t`Loading the airports`} />}
      {own.error && !own.data && <Failed error={own.error} again={() => void own.refetch()} />}
      {own.data && own.data.length > 0 && (
        <section aria-labelledby="own" className={styles.section}>
          <h2 id="own">
            <Trans>Boards</Trans>
          </h2>
          <ul className={styles.airports}>
            {own.data.map((airport) => (
              <li key={airport.iata}>
                <AirportCard airport={airport} />
              </li>
            ))}
          </ul>
        </section>
      )}
      <section aria-labelledby="book" className={styles.section}>
        <h2 id="book">
          <Trans>Book a flight</Trans>
        </h2>
        <p>
          <Trans>
            Flights from and to New York for the next 60 days, with every price explained. You choose your
            seats on the map.
          </Trans>
        </p>
        <p>
          <Link to="/search" className={ui.button}>
            <Trans>Search flights</Trans>
          </Link>
        </p>
      </section>
      <section aria-labelledby="follow" className={styles.section}>
        <h2 id="follow">
          <Trans>Follow a flight</Trans>
        </h2>
        <p>
          <Trans>
            Open your flight and choose email, SMS or this browser: you are told of a new time, another gate
            or a cancellation as soon as the airport knows.
          </Trans>
        </p>
        <p>
          <Link to="/following">
            <Trans>Flights you follow</Trans>
          </Link>
        </p>
      </section>
    </Page>
  );
}

function AirportCard({ airport }: { airport: Airport }) {
  const { t } = useLingui();
  const { iata, city } = airport;
  return (
    <div className={ui.card}>
      <h3 className={styles.airport}>
        <span className={styles.code}>{iata}</span> {city}
        <small lang="en">{airport.name}</small>
      </h3>
      <div className={ui.actions}>
        <Link
          to="/airports/$iata/$direction"
          params={{ iata, direction: "departures" }}
          className={ui.button}
          aria-label={t`Departures from ${city}`}
        >
          <Trans>Departures</Trans>
        </Link>
        <Link
          to="/airports/$iata/$direction"
          params={{ iata, direction: "arrivals" }}
          className={ui.button}
          aria-label={t`Arrivals at ${city}`}
        >
          <Trans>Arrivals</Trans>
        </Link>
      </div>
    </div>
  );
}

/** The boards that this device still has, the newest first: they can be read without a network too. */
function LastSeen() {
  const client = useQueryClient();
  const restoring = useIsRestoring();
  if (restoring) return null;
  const seen = client
    .getQueryCache()
    .findAll({ queryKey: ["board"] })
    .flatMap(({ queryKey }) => {
      const seen = client.getQueryState<Board>(queryKey);
      return seen?.data
        ? [{ iata: seen.data.airport, direction: seen.data.direction, at: seen.dataUpdatedAt }]
        : [];
    })
    .sort((a, b) => b.at - a.at)
    .slice(0, 6);
  if (!seen.length) return null;
  return (
    <section aria-labelledby="seen" className={styles.section}>
      <h2 id="seen">
        <Trans>Last seen</Trans>
      </h2>
      <ul className={styles.seen}>
        {seen.map((each) => (
          <li key={`${each.iata} ${each.direction}`}>
            <SeenBoard {...each} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function SeenBoard({ iata, direction, at }: { iata: string; direction: Direction; at: number }) {
  const { i18n } = useLingui();
  const airport = useAirport(iata);
  const city = airport.data?.city ?? iata;
  return (
    <Link to="/airports/$iata/$direction" params={{ iata, direction }} className={styles.board}>
      <span className={styles.code}>{iata}</span>
      <span>
        {direction === "departures" ? (
          <Trans>Departures from {city}</Trans>
        ) : (
          <Trans>Arrivals at {city}</Trans>
        )}
      </span>
      <small>{relative((at - Date.now()) / 1000, i18n.locale)}</small>
    </Link>
  );
}
