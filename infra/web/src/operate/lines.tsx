import { Trans, useLingui } from "@lingui/react/macro";
import { Input, Label, Text, TextArea, TextField } from "react-aria-components";
import { useAirport } from "../home/airports";
import ui from "../ui/ui.module.css";
import styles from "./operate.module.css";
import { AirportPicker } from "./Picker";

const NOTE = 280; // characters

/** A gate, a terminal or a belt. */
export function PlaceLine(props: {
  label: string;
  clear: string;
  was: string;
  text: string | undefined;
  onChange: (text: string) => void;
  wrong: string | undefined;
}) {
  const { was, wrong } = props;
  const text = props.text ?? was;
  const touched = text.trim() !== was;
  return (
    <TextField value={text} onChange={props.onChange} isInvalid={!!wrong} className={ui.field}>
      <Label className={ui.label}>{props.label}</Label>
      <span className={styles.box} data-touched={touched || undefined}>
        <Input
          className={ui.input}
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck="false"
          maxLength={12}
        />
        {text && (
          <button
            type="button"
            className={styles.clear}
            aria-label={props.clear}
            onClick={() => props.onChange("")}
          >
            <span aria-hidden>×</span>
          </button>
        )}
      </span>
      {touched && was && (
        <Text slot="description" className={ui.hint}>
          {text ? <Trans>was {was}</Trans> : <Trans>{was} is taken back</Trans>}
        </Text>
      )}
      {wrong && (
        <Text slot="errorMessage" className={ui.wrong} lang="en">
          {wrong}
        </Text>
      )}
    </TextField>
  );
}

/** What passengers read on the flight's page. */
export function NoteLines(props: {
  text: string;
  onChange: (text: string) => void;
  wrong: string | undefined;
}) {
  const { t } = useLingui();
  const count = [...props.text].length;
  return (
    <TextField
      value={props.text}
      onChange={(text) => props.onChange(text.replace(/\s*\n\s*/g, " "))}
      isInvalid={!!props.wrong}
      className={ui.field}
    >
      <Label className={ui.label}>{t`Note to passengers`}</Label>
      <TextArea className={ui.input} rows={2} maxLength={NOTE} />
      <Text slot="description" className={styles.count}>
        <span>
          <Trans>Plain words on the flight’s page, in the language you write.</Trans>
        </span>
        <span>
          <Trans>
            {count} of {NOTE} characters
          </Trans>
        </span>
      </Text>
      {props.wrong && (
        <Text slot="errorMessage" className={ui.wrong} lang="en">
          {props.wrong}
        </Text>
      )}
    </TextField>
  );
}

/** Where it flies instead, and that it does not any more. */
export function Diversion(props: {
  known: string;
  wanted: string | undefined;
  onChange: (code: string | undefined) => void;
  wrong: string | undefined;
}) {
  const { t } = useLingui();
  const code = props.wanted ?? props.known;
  const touched = code !== props.known;
  const airport = useAirport(code && code !== "?" ? code : undefined);
  const name = airport.data ? `${code} · ${airport.data.city}` : code;
  return (
    <div className={styles.diversion}>
      {code || touched ? (
        <div className={styles.diverted}>
          <span data-touched={touched || undefined}>
            {code === "?" ? (
              <Trans>Diverted, not known where to</Trans>
            ) : code ? (
              <Trans>Diverted to {name}</Trans>
            ) : (
              <Trans>Not diverted any more: it goes to its destination</Trans>
            )}
          </span>
          <button
            type="button"
            className={`${ui.button} ${ui.plain}`}
            onClick={() => props.onChange(touched ? undefined : "")}
          >
            {touched ? <Trans>Undo</Trans> : <Trans>End the diversion</Trans>}
          </button>
        </div>
      ) : null}
      <AirportPicker
        label={t`Divert to`}
        hint={t`Passengers who follow it are told at once, in quiet hours too.`}
        onPick={props.onChange}
        wrong={props.wrong}
      />
    </div>
  );
}
