import { Trans, useLingui } from "@lingui/react/macro";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useDeferredValue, useMemo } from "react";
import { ApiProblem } from "../api/problems";
import type { Direction } from "../api/types";
import { useAirport } from "../home/airports";
import { useNow } from "../live/clock";
import { useBoard } from "../live/flights";
import type { Board } from "../live/merge";
import { Page } from "../ui/page";
import { Empty, Failed } from "../ui/states";
import ui from "../ui/ui.module.css";
import { BoardHead } from "./BoardHead";
import { BoardList } from "./BoardList";
import styles from "./board.module.css";
import { LiveState } from "./LiveState";
import { gone, lines } from "./lines";
import { Narrow } from "./Narrow";
import { SayChanges } from "./SayChanges";
import { type BoardSearch, narrowed } from "./search";
import { Waiting } from "./Waiting";

const Wall = lazy(() => import("./Wall").then(({ Wall }) => ({ default: Wall })));

/** The departures or arrivals of an airport, live. */
export function BoardPage() {
  const { t } = useLingui();
  const { iata, direction } = useParams({ from: "/airports/$iata/$direction" });
  const asked = useSearch({ from: "/airports/$iata/$direction" });
  const board = useBoard(iata, direction);
  const airport = useAirport(iata).data ?? undefined; // until it is known, there is the code
  const place = airport?.city || iata;
  const title = direction === "departures" ? t`Departures from ${place}` : t`Arrivals in ${place}`;

  if (asked.wall && board.data) {
    return (
      <Suspense>
        <Wall board={board.data} asked={asked} name={airport?.name ?? iata} updatedAt={board.dataUpdatedAt} />
      </Suspense>
    );
  }
  const unknown = board.error instanceof ApiProblem && board.error.status === 404;
  return (
    <Page
      title={title}
      heading={<BoardHead iata={iata} direction={direction} airport={airport} zone={board.data?.zone} />}
    >
      {board.data ? (
        <Flights
          key={`${iata} ${direction}`}
          board={board.data}
          asked={asked}
          updatedAt={board.dataUpdatedAt}
          error={board.error}
          again={() => void board.refetch()}
        />
      ) : unknown ? (
        <Empty title={t`There is no airport ${iata}`}>
          <p>
            <Trans>
              An airport’s code has three letters, such as EWR. Look for it by its name or its city.
            </Trans>
          </p>
          <p>
            <Link to="/" className={ui.button}>
              <Trans>Find an airport</Trans>
            </Link>
          </p>
        </Empty>
      ) : board.error ? (
        <>
          <Failed error={board.error} again={() => void board.refetch()} />
          <div className={styles.bar}>
            <LiveState updatedAt={0} />
          </div>
        </>
      ) : (
        <Waiting />
      )}
    </Page>
  );
}

function Flights(props: {
  board: Board;
  asked: BoardSearch;
  updatedAt: number;
  error: Error | null;
  again: () => void;
}) {
  const { board } = props;
  const { direction, zone } = board;
  const { t } = useLingui();
  const navigate = useNavigate({ from: "/airports/$iata/$direction" });
  const asked = useDeferredValue(props.asked); // typing goes before listing
  const minute = Math.floor(useNow(20) / 60_000) * 60_000;
  const found = useMemo(() => narrowed(board.flights, asked, direction), [board.flights, asked, direction]);
  const earlier = useMemo(
    () => new Set(found.filter((row) => gone(row, direction, minute)).map((row) => row.id)),
    [found, direction, minute],
  );
  const unfolded = asked.earlier || !!asked.q; // who looks for a flight wants it wherever it is
  const shown = useMemo(
    () => lines(unfolded ? found : found.filter((row) => !earlier.has(row.id)), direction, zone, minute),
    [found, earlier, unfolded, direction, zone, minute],
  );
  const ask = useCallback(
    (change: Partial<BoardSearch>) =>
      void navigate({ search: (before) => ({ ...before, ...change }), replace: true, resetScroll: false }),
    [navigate],
  );
  const filtered = !!(asked.q || asked.show || asked.terminal || asked.airline);

  return (
    <>
      <Narrow board={board} asked={props.asked} found={found.length} ask={ask} />
      <section className={styles.board} aria-label={t`Flights`}>
        <div className={styles.bar}>
          <LiveState updatedAt={props.updatedAt} zone={zone} feeds={board.feeds} />
          {props.error && (
            <button type="button" className={styles.again} onClick={props.again}>
              <Trans>Try again</Trans>
            </button>
          )}
        </div>
        <div className={styles.above}>
          {earlier.size > 0 && !asked.q && (
            <button
              type="button"
              className={styles.earlier}
              aria-expanded={!!unfolded}
              onClick={() => ask({ earlier: unfolded ? undefined : true })}
            >
              <span aria-hidden="true" className={styles.arrow} />
              {t`Earlier flights (${earlier.size})`}
            </button>
          )}
          <span className={styles.aside}>
            <SayChanges board={board} />
            <button type="button" className={styles.wall} onClick={() => void toWall(ask)}>
              <Trans>Full screen</Trans>
            </button>
          </span>
        </div>
        {shown.length > 0 ? (
          <BoardList
            lines={shown}
            direction={direction}
            zone={zone}
            changed={board.changed}
            narrowedBy={JSON.stringify({ ...asked, wall: undefined })}
            q={asked.q}
          />
        ) : (
          <Nothing direction={direction} filtered={filtered} folded={earlier.size > 0} ask={ask} />
        )}
      </section>
    </>
  );
}

async function toWall(ask: (change: Partial<BoardSearch>) => void): Promise<void> {
  await document.documentElement.requestFullscreen?.().catch(() => undefined); // where it may not, in the window
  ask({ wall: true });
}

function Nothing(props: {
  direction: Direction;
  filtered: boolean;
  folded: boolean;
  ask: (change: Partial<BoardSearch>) => void;
}) {
  const { t } = useLingui();
  if (props.filtered) {
    return (
      <Empty title={t`No flight matches`}>
        <p>
          <Trans>
            The board has the flights of the last hour and the next twelve. Look for a number, a city or an
            airline, or show all flights again.
          </Trans>
        </p>
        <p>
          <button
            type="button"
            className={ui.button}
            onClick={() =>
              props.ask({ q: undefined, show: undefined, terminal: undefined, airline: undefined })
            }
          >
            <Trans>Show all flights</Trans>
          </button>
        </p>
      </Empty>
    );
  }
  return (
    <Empty title={props.direction === "departures" ? t`No departures` : t`No arrivals`}>
      <p>
        {props.folded ? (
          <Trans>No more flights in the next twelve hours.</Trans>
        ) : (
          <Trans>Gatecall knows of no flight here in the last hour and the next twelve.</Trans>
        )}
      </p>
    </Empty>
  );
}
