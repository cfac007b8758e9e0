import { Trans, useLingui } from "@lingui/react/macro";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense, useRef } from "react";
import { ApiProblem } from "../api/problems";
import { useSession } from "../api/session";
import { LiveState } from "../board/LiveState";
import { useAirport } from "../home/airports";
import { useNow } from "../live/clock";
import { useFlight, useHistory } from "../live/flights";
import type { Flight } from "../live/merge";
import { mayOperate } from "../operate/mandate";
import { Page } from "../ui/page";
import { Failed, Loading, Notice } from "../ui/states";
import { day, relative } from "../ui/times";
import ui from "../ui/ui.module.css";
import { Aircraft } from "./Aircraft";
import { reasonWords } from "./delayReasons";
import { arrivalEnd, departureEnd } from "./ends";
import { FlightEnd } from "./FlightEnd";
import styles from "./flight.module.css";
import { headline } from "./headline";
import { Rights } from "./Rights";
import { Route } from "./Route";
import { Share } from "./Share";
import { span } from "./spans";
import { Timeline } from "./Timeline";
import { sentence } from "./timeline";

const route = getRouteApi("/flights/$id");

// Following and operating bring forms with them: they come after what the page is read for.
const FollowPanel = lazy(() => import("../follow/FollowPanel").then((m) => ({ default: m.FollowPanel })));
const OperatePanel = lazy(() => import("../operate/OperatePanel").then((m) => ({ default: m.OperatePanel })));

/** One flight, for somebody who is about to take it. */
export function FlightPage() {
  const { id } = route.useParams();
  return <FlightOf key={id} id={id} />;
}

function FlightOf({ id }: { id: string }) {
  const { t } = useLingui();
  const { data, error, refetch, dataUpdatedAt } = useFlight(id);
  if (data) return <FlightShown flight={data} seen={dataUpdatedAt} />;
  if (error instanceof ApiProblem && (error.status === 404 || error.status === 400))
    return <Unknown id={id} />;
  if (error) {
    return (
      <Page title={id}>
        <Failed error={error} again={refetch} />
      </Page>
    );
  }
  return (
    <Page title={id}>
      <Loading lines={2} label={t`Loading the flight`} />
      <div className={styles.ends} aria-hidden>
        <span className={`${styles.endWaits} ${ui.skeleton}`} />
        <span className={`${styles.endWaits} ${ui.skeleton}`} />
      </div>
    </Page>
  );
}

function Unknown({ id }: { id: string }) {
  const { t } = useLingui();
  return (
    <Page title={t`This flight is not known`} narrow>
      {/* no <Trans>: it would take for its own what looks like a tag in the address */}
      <p>
        {t`There is no flight ${id}. A flight’s address ends in its number, its date and the airport it leaves from, such as UA1545-20130710-EWR. Flights are known from about three days before they leave.`}
      </p>
      <p className={ui.actions}>
        <Link to="/" className={`${ui.button} ${ui.main}`}>
          <Trans>Search for a flight</Trans>
        </Link>
      </p>
    </Page>
  );
}

function FlightShown({ flight, seen }: { flight: Flight; seen: number }) {
  const { t, i18n } = useLingui();
  const { departure, arrival } = flight;
  const now = useNow(15);
  const session = useSession();
  const diversion = useAirport(flight.diverted_to);
  const { says, tone } = headline(flight, now, i18n, diversion.data?.city);
  const origin = departure.city ?? departure.airport;
  const destination = arrival.city ?? arrival.airport ?? t`not known where to`;
  const departs = departure.scheduled_out;
  const date = departs && day(departs, departure.zone, i18n.locale);
  const heard = Math.max(...Object.values(flight.observed).map(({ at }) => Date.parse(at)));
  const reported = heard > 0 && relative(Math.min(0, Math.round((heard - now) / 1000)), i18n.locale);
  const gone = ["departed", "airborne", "landed", "arrived", "diverted"].includes(flight.phase);
  const sold = new Intl.ListFormat(i18n.locale, { type: "unit" }).format(flight.codeshares);
  return (
    <Page
      title={`${flight.number} ${origin} → ${destination}`}
      heading={
        <header className={styles.head}>
          <h1 tabIndex={-1}>
            <span className={styles.number}>{flight.number}</span>{" "}
            <span className={styles.route}>
              {origin} <Arrow label={t`to`} /> {destination}
            </span>
          </h1>
          <p className={styles.by}>
            {[date, flight.airline].filter(Boolean).join(" · ")}
            {sold && (
              <>
                {" · "}
                <Trans>also sold as {sold}</Trans>
              </>
            )}
          </p>
          <p className={styles.matter} data-tone={tone}>
            {says}
          </p>
          <Announced flight={flight} says={says} />
          <div className={`${ui.actions} ${styles.actions}`}>
            {flight.phase !== "arrived" && (
              <button type="button" className={`${ui.button} ${ui.main}`} onClick={toFollow}>
                <Trans>Follow this flight</Trans>
              </button>
            )}
            {!gone && (
              <a className={ui.button} href={`/v1/flights/${flight.id}/calendar.ics?language=${i18n.locale}`}>
                <Trans>Add to calendar</Trans>
              </a>
            )}
            <Share flight={flight} says={says} />
          </div>
          <div className={styles.age}>
            <LiveState updatedAt={seen} zone={departure.zone} />
            {reported && (
              <span>
                <Trans>Last reported {reported}</Trans>
              </span>
            )}
          </div>
        </header>
      }
    >
      {flight.shown === false && (
        <Notice tone="late">
          <Trans>
            The airport or airline took this flight off public display. What stands here may no longer hold:
            ask the airline.
          </Trans>
        </Notice>
      )}
      {flight.derived && (
        <p className={ui.hint}>
          <Trans>
            This flight is not in the airport’s own data. It follows from where its aircraft flies next.
          </Trans>
        </p>
      )}
      {session.state === "signed-in" && mayOperate(session.account, flight) && (
        <Suspense>
          <OperatePanel key={flight.id} flight={flight} />
        </Suspense>
      )}
      <div className={styles.columns}>
        <div className={styles.first}>
          <div className={styles.ends}>
            <FlightEnd end={departureEnd(flight)} title={t`Departure`} name="departure" departs={departs} />
            <FlightEnd
              end={arrivalEnd(flight, diversion.data)}
              title={t`Arrival`}
              name="arrival"
              departs={departs}
            />
          </div>
          <Why flight={flight} />
          <Aircraft flight={flight} />
        </div>
        <div className={styles.beside}>
          <div id="follow" className={styles.follow} tabIndex={-1}>
            <Suspense fallback={<Loading label={t`Loading how to follow this flight`} />}>
              <FollowPanel flight={flight} />
            </Suspense>
          </div>
          <Rights id={flight.id} />
        </div>
        <div className={styles.last}>
          <Route flight={flight} />
          <Timeline flight={flight} />
        </div>
      </div>
    </Page>
  );
}

/** To where one follows the flight, with the focus: on a phone it stands further down. */
function toFollow() {
  const panel = document.getElementById("follow");
  panel?.scrollIntoView({ behavior: "smooth", block: "start" });
  panel?.focus({ preventScroll: true });
}

function Arrow({ label }: { label: string }) {
  return (
    <>
      <span aria-hidden>→</span>
      <span className="hidden-but-read">{label}</span>
    </>
  );
}

/** Why it is late or does not leave, in plain words; and what an operator says to passengers. */
function Why({ flight }: { flight: Flight }) {
  const { i18n } = useLingui();
  const { delays, note } = flight;
  if (!delays.length && !note) return null;
  return (
    <section className={ui.card} aria-labelledby="why">
      <h2 id="why">
        {flight.phase === "cancelled" ? (
          <Trans>Why it is cancelled</Trans>
        ) : !delays.length ? (
          <Trans>Note to passengers</Trans>
        ) : flight.departure.actual_out ? (
          <Trans>Why it left late</Trans>
        ) : (
          <Trans>Why it is late</Trans>
        )}
      </h2>
      {delays.length > 0 && (
        <ul className={styles.reasons}>
          {delays.map((delay) => {
            const { words, english } = reasonWords(delay, i18n);
            return (
              <li key={`${delay.scheme} ${delay.code}`}>
                <span lang={english ? "en" : undefined}>{words}</span>
                {typeof delay.minutes === "number" && (
                  <span className={styles.minutes}>{span(delay.minutes, i18n)}</span>
                )}
              </li>
            );
          })}
        </ul>
      )}
      {note && <blockquote className={styles.note}>{note}</blockquote>}
    </section>
  );
}

/** What changed while the page is open, for those who do not see it turn. */
function Announced({ flight, says }: { flight: Flight; says: string }) {
  const { i18n } = useLingui();
  const { data } = useHistory(flight.id);
  const first = useRef(flight.version);
  const news = (data?.changes ?? [])
    .filter((change) => change.version === flight.version && change.version > first.current)
    .map((change) => sentence(change, flight, i18n));
  const told = [...new Set(news.filter(Boolean))].join(". ");
  const at = useRef({ version: flight.version, says: "" });
  if (at.current.version !== flight.version && told) {
    at.current = { version: flight.version, says: `${told}. ${says}.` };
  }
  return (
    <p role="status" className="hidden-but-read">
      {at.current.says}
    </p>
  );
}
