import { Trans, useLingui } from "@lingui/react/macro";
import { Flap } from "../board/Flap";
import { LATE } from "../board/wording";
import { clockTime, day, dayAndTime, daysBetween, isoDate, zoneName } from "../ui/times";
import ui from "../ui/ui.module.css";
import type { End } from "./ends";
import styles from "./flight.module.css";
import { lateness, moment } from "./spans";

/** One end of a leg: when, by the airport’s clocks, and where to go. `departs`: the instant its day is counted from. */
export function FlightEnd(props: {
  end: End;
  title: string;
  name: string;
  departs: string | null | undefined;
}) {
  const { t, i18n } = useLingui();
  const { end, name, departs } = props;
  const { zone, scheduled, time, late } = end;
  const label = i18n._(end.label);
  const shown = time && clockTime(time, zone, i18n.locale);
  const booked = scheduled && clockTime(scheduled, zone, i18n.locale);
  const moved = shown && booked && shown !== booked;
  return (
    <section className={ui.card} aria-labelledby={name}>
      <div className={styles.endHead}>
        <h2 id={name}>{props.title}</h2>
        <p>
          {end.city ?? end.airport} {end.city && <span className={styles.code}>{end.airport}</span>}
        </p>
      </div>
      <div>
        <div className={styles.when}>
          <p className={styles.time} data-off={shown ? undefined : true}>
            {shown ? (
              <>
                <Flap text={shown} />
                <DayOn from={departs} instant={time} zone={zone} />
              </>
            ) : booked ? (
              <s>{booked}</s>
            ) : (
              "–"
            )}
          </p>
          <p className={styles.about}>
            <span className={styles.label}>{label}</span>
            {moved && (
              <s className={styles.was}>
                <span className="hidden-but-read">{t`Scheduled`} </span>
                {booked}
              </s>
            )}
            {late !== undefined && late !== 0 && (
              <span className={ui.badge} data-tone={late >= LATE ? "late" : "good"}>
                {lateness(late, i18n)}
              </span>
            )}
          </p>
        </div>
        {(time ?? scheduled) && <ZonedDay instant={time ?? scheduled ?? ""} zone={zone} />}
      </div>
      <Signs end={end} />
      <dl className={styles.facts}>
        {end.times.map(([what, instant, elsewhere]) => {
          const named = i18n._(what);
          return (
            instant && (
              <div key={named}>
                <dt>{named}</dt>
                <dd>{moment(instant, elsewhere ?? zone, i18n, departs)}</dd>
              </div>
            )
          );
        })}
      </dl>
    </section>
  );
}

/** What stands on the airport’s signs, large: a change turns visibly. */
function Signs({ end }: { end: End }) {
  const { i18n } = useLingui();
  const known = end.signs.flatMap(([label, value]) => (value ? [{ label: i18n._(label), value }] : []));
  if (!known.length && !end.awaited) return null;
  if (!known.length) {
    return (
      <p className={ui.hint}>
        <Trans>Gate and terminal are not known yet.</Trans>
      </p>
    );
  }
  return (
    <dl className={styles.signs}>
      {known.map(({ label, value }) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>
            <Flap text={value} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** +1 where it is another day than the one on which the flight is to leave. */
function DayOn({ from, instant, zone }: { from: string | null | undefined; instant: string; zone: string }) {
  const days = from ? daysBetween(from, instant, zone) : 0;
  if (!days) return null;
  return <sup className={styles.days}>{days > 0 ? `+${days}` : `−${-days}`}</sup>;
}

/** The day and the zone; and the same time by the reader’s own clock, where that is another. */
function ZonedDay({ instant, zone }: { instant: string; zone: string }) {
  const { i18n } = useLingui();
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const sameDay = isoDate(instant, own) === isoDate(instant, zone);
  const here = (sameDay ? clockTime : dayAndTime)(instant, own, i18n.locale);
  const there = clockTime(instant, zone, i18n.locale);
  const date = day(instant, zone, i18n.locale);
  const clocks = zoneName(instant, zone, i18n.locale);
  return (
    <p className={ui.hint}>
      {date}, {clocks}
      {here !== there && (
        <>
          {" · "}
          <Trans>your time {here}</Trans>
        </>
      )}
    </p>
  );
}
