import { Trans, useLingui } from "@lingui/react/macro";
import { Flap } from "../board/Flap";
import type { Flight } from "../live/merge";
import { clockTime, day, daysBetween, zoneName } from "../ui/times";
import ui from "../ui/ui.module.css";
import styles from "./flight.module.css";
import { lateness, moment } from "./spans";

const LATE = 15; // minutes from which on a flight counts as late

/** One end of a leg: when, by the airport’s clocks, and where to go. */
export function FlightEnd({ flight, end }: { flight: Flight; end: "departure" | "arrival" }) {
  const { t, i18n } = useLingui();
  const place = endOf(flight, end);
  const { zone, scheduled } = place;
  const shown = place.time;
  const changed = shown && scheduled && clockTime(shown, zone, "en") !== clockTime(scheduled, zone, "en");
  const late = flight.phase === "cancelled" || !shown ? undefined : place.late;
  const tone = late === undefined || late === null ? undefined : late >= LATE ? "late" : "good";
  return (
    <section className={ui.card} aria-labelledby={end}>
      <div className={styles.endHead}>
        <h2 id={end}>{end === "departure" ? t`Departure` : t`Arrival`}</h2>
        <p>
          {place.city ?? place.airport} {place.city && <span className={styles.code}>{place.airport}</span>}
        </p>
      </div>
      <div className={styles.when}>
        <p className={styles.time} data-off={shown ? undefined : true}>
          <span className="hidden-but-read">{place.label} </span>
          {shown ? (
            <>
              <Flap text={clockTime(shown, zone, i18n.locale)} />
              <DayOn from={flight.departure.scheduled_out} instant={shown} zone={zone} />
            </>
          ) : scheduled ? (
            <s>{clockTime(scheduled, zone, i18n.locale)}</s>
          ) : (
            "–"
          )}
        </p>
        <div className={styles.about}>
          <p>
            <span className={styles.label} aria-hidden>
              {place.label}
            </span>
            {changed && (
              <s className={styles.was}>
                <span className="hidden-but-read">{t`Scheduled`} </span>
                {clockTime(scheduled, zone, i18n.locale)}
              </s>
            )}
            {late !== undefined && late !== null && changed && (
              <span className={ui.badge} data-tone={tone}>
                {lateness(late, i18n)}
              </span>
            )}
          </p>
          {(shown ?? scheduled) && <ZonedDay instant={shown ?? scheduled ?? ""} zone={zone} />}
        </div>
      </div>
      <Signs places={place.signs} />
      <dl className={styles.facts}>
        {place.facts.map(
          ([label, instant]) =>
            instant && (
              <div key={label}>
                <dt>{label}</dt>
                <dd>{moment(instant, zone, i18n, flight.departure.scheduled_out)}</dd>
              </div>
            ),
        )}
      </dl>
    </section>
  );

  function endOf({ departure, arrival, runway, phase }: Flight, which: "departure" | "arrival") {
    if (which === "departure") {
      const actual = departure.actual_out;
      const time = phase === "cancelled" ? undefined : departure.expected_out;
      const left = Boolean(actual) && time === actual;
      return {
        ...departure,
        late: departure.delay_minutes,
        scheduled: departure.scheduled_out,
        time,
        label:
          phase === "cancelled"
            ? t`Cancelled`
            : left
              ? t`Left the gate`
              : departure.estimated_out
                ? t`Now expected`
                : t`Scheduled`,
        signs: [
          [t`Gate`, departure.gate],
          [t`Terminal`, departure.terminal],
          [t`Stand`, flight.departure_stand],
        ] as const,
        facts: [
          [t`Scheduled`, departure.scheduled_out],
          [t`Expected`, phase === "cancelled" ? undefined : departure.estimated_out],
          [t`Left the gate`, actual],
          [t`Took off`, runway.actual_off],
        ] as const,
      };
    }
    const away = (phase === "diverted" && !arrival.actual_in) || phase === "returned";
    const time =
      phase === "cancelled" || away
        ? undefined
        : phase === "landed"
          ? (runway.actual_on ?? arrival.expected_in)
          : arrival.expected_in;
    return {
      airport: arrival.airport ?? t`not known`,
      city: arrival.city,
      zone: arrival.zone ?? "UTC",
      late: arrival.delay_minutes,
      scheduled: arrival.scheduled_in,
      time,
      label: whenArrived(),
      signs: [
        [t`Gate`, arrival.gate],
        [t`Terminal`, arrival.terminal],
        [t`Baggage belt`, arrival.belt],
        [t`Stand`, flight.arrival_stand],
      ] as const,
      facts: [
        [t`Scheduled`, arrival.scheduled_in],
        [t`Expected`, phase === "cancelled" || away ? undefined : arrival.estimated_in],
        [away ? t`Landed elsewhere` : t`Landed`, runway.actual_on],
        [t`Reached the gate`, arrival.actual_in],
      ] as const,
    };

    function whenArrived() {
      if (phase === "cancelled") return t`Cancelled`;
      if (phase === "diverted" && away) return t`Diverted`;
      if (phase === "returned") return t`Not known`;
      if (arrival.actual_in) return t`Reached the gate`;
      if (phase === "landed" && runway.actual_on) return t`Landed`;
      return arrival.estimated_in ? t`Now expected` : t`Scheduled`;
    }
  }
}

/** What stands on the airport’s signs, large: a change turns visibly. */
function Signs({
  places,
}: {
  places: readonly (readonly [label: string, value: string | null | undefined])[];
}) {
  const known = places.filter(([, value]) => value);
  if (!known.length) {
    return (
      <p className={ui.hint}>
        <Trans>Gate and terminal are not known yet.</Trans>
      </p>
    );
  }
  return (
    <dl className={styles.signs}>
      {known.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>
            <Flap text={value ?? ""} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** +1 where it is another day than the flight’s. */
function DayOn({ from, instant, zone }: { from: string | null | undefined; instant: string; zone: string }) {
  const { t } = useLingui();
  const days = from ? daysBetween(from, instant, zone) : 0;
  if (!days) return null;
  return (
    <sup className={styles.days} title={t`another day than its departure was scheduled`}>
      {days > 0 ? `+${days}` : `−${-days}`}
    </sup>
  );
}

/** The day and the zone; and the same time by the reader’s own clock, where that is another. */
function ZonedDay({ instant, zone }: { instant: string; zone: string }) {
  const { i18n } = useLingui();
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const here = moment(instant, own, i18n);
  const there = moment(instant, zone, i18n);
  return (
    <p className={ui.hint}>
      {day(instant, zone, i18n.locale)}, {zoneName(instant, zone, i18n.locale)}
      {here !== there && (
        <>
          {" · "}
          <Trans>your time {here}</Trans>
        </>
      )}
    </p>
  );
}
