import { Trans, useLingui } from "@lingui/react/macro";
import { Input, Label, Text, TextField } from "react-aria-components";
import { lateness } from "../flight/spans";
import type { Flight } from "../live/merge";
import { clockTime, day, dayAndTime, isoDate, zoneName } from "../ui/times";
import ui from "../ui/ui.module.css";
import { instantTyped, type TimeField, type Typed, timesOf } from "./draft";
import { addDays, later } from "./localTime";
import styles from "./operate.module.css";

const STEPS = [15, 30, 60];

/** When it leaves or reaches the gate, typed by the airport's clocks; the day is seen, and can be chosen. */
export function TimeLine(props: {
  field: TimeField;
  label: string;
  flight: Flight;
  typed: Typed | undefined;
  onChange: (typed: Typed | undefined) => void;
  wrong: string | undefined;
}) {
  const { t, i18n } = useLingui();
  const { field, label, flight, typed, wrong } = props;
  const { zone, scheduled, estimated, near } = timesOf(flight, field);
  const language = i18n.locale;
  const shown = typed && "text" in typed ? typed.text : undefined;
  const instant = typed ? instantTyped(typed, flight, field) : estimated;
  const text = shown ?? (instant ? clockTime(instant, zone, language) : "");
  const from = instant ?? scheduled;
  const date = typed && "text" in typed && typed.day ? typed.day : isoDate(instant ?? near, zone);
  const first = isoDate(near, zone);
  const days = [-1, 0, 1, 2, 3].map((days) => addDays(first, days));
  const late = instant && scheduled ? (Date.parse(instant) - Date.parse(scheduled)) / 60_000 : undefined;
  const when = instant && dayAndTime(instant, zone, language);
  const zoneAt = zoneName(instant ?? near, zone, language);
  const planned = scheduled && dayAndTime(scheduled, zone, language);
  const off = late === undefined ? "" : lateness(late, i18n);

  return (
    <div className={styles.time} data-touched={typed !== undefined || undefined}>
      <TextField
        value={text}
        onChange={(text) => props.onChange({ text, ...(typed && "day" in typed ? { day: typed.day } : {}) })}
        isInvalid={!!wrong}
        className={ui.field}
      >
        <Label className={ui.label}>{label}</Label>
        <Input
          className={ui.input}
          inputMode="numeric"
          autoComplete="off"
          maxLength={7}
          placeholder={scheduled ? clockTime(scheduled, zone, language) : "14:05"}
        />
        <Text slot="description" className={ui.hint}>
          {when && late ? (
            <Trans>
              <b className={styles.when}>{when}</b> {zoneAt}, {off}
            </Trans>
          ) : when ? (
            <Trans>
              <b className={styles.when}>{when}</b> {zoneAt}
            </Trans>
          ) : typed && estimated && !text.trim() ? (
            <Trans>Taken back: then the schedule counts, {planned ?? t`which is not known`}</Trans>
          ) : planned ? (
            <Trans>
              Scheduled {planned} {zoneAt}
            </Trans>
          ) : (
            <Trans>No time is known yet. Clocks: {zoneAt}</Trans>
          )}
        </Text>
        {wrong && (
          <Text slot="errorMessage" className={ui.wrong}>
            {wrong}
          </Text>
        )}
      </TextField>
      {typed && "text" in typed && instant && (
        <label className={styles.day}>
          <span className="hidden-but-read">{t`Day of ${label}`}</span>
          <select
            className={ui.input}
            value={date}
            onChange={(event) => props.onChange({ text, day: event.currentTarget.value })}
          >
            {(days.includes(date) ? days : [date, ...days]).map((each) => (
              <option key={each} value={each}>
                {day(`${each}T12:00:00Z`, "UTC", language)}
              </option>
            ))}
          </select>
        </label>
      )}
      {from && (
        <div className={styles.steps}>
          {STEPS.map((minutes) => (
            <button
              key={minutes}
              type="button"
              className={`${ui.button} ${styles.step}`}
              aria-label={t`+${minutes} min ${label}`}
              onClick={() => props.onChange({ instant: later(from, minutes) })}
            >
              <Trans>+{minutes} min</Trans>
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
