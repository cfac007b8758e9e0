import { Trans, useLingui } from "@lingui/react/macro";
import { useState } from "react";
import { Input, Label, TextField } from "react-aria-components";
import { DELAY_REASONS, reasonOf, reasonWords } from "../flight/delayReasons";
import ui from "../ui/ui.module.css";
import { isMinutes, type Reason } from "./draft";
import styles from "./operate.module.css";
import { Picker } from "./Picker";

const MOST = 5;

/** Why a flight is late: codes of AHM 730, found by words or code, and the minutes that each accounts for. */
export function DelayCodes(props: {
  reasons: readonly Reason[];
  onChange: (reasons: readonly Reason[]) => void;
  wrong?: string;
}) {
  const { t, i18n } = useLingui();
  const [typed, setTyped] = useState("");
  const { reasons, onChange } = props;
  const taken = new Set(reasons.map(({ code }) => reasonOf({ code, scheme: "" })));
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const choices = DELAY_REASONS.filter((reason) => !taken.has(reason))
    .map(({ code, alpha, words: says }) => ({ id: code, title: `${code} ${alpha}`, detail: i18n._(says) }))
    .filter(({ title, detail }) => {
      const text = `${title} ${detail}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
  const change = (code: string, minutes: string) =>
    onChange(reasons.map((reason) => (reason.code === code ? { code, minutes } : reason)));

  return (
    <div className={ui.form}>
      {reasons.length > 0 && (
        <ul className={styles.reasons}>
          {reasons.map(({ code, minutes }) => {
            const { words: says } = reasonWords({ code, scheme: "", reason: "" }, i18n);
            return (
              <li key={code} className={styles.reason}>
                <span className={styles.says}>
                  <strong>{code}</strong> {says}
                </span>
                <TextField
                  value={minutes}
                  onChange={(text) => change(code, text)}
                  isInvalid={!isMinutes(minutes)}
                  className={styles.minutes}
                >
                  <Label className="hidden-but-read">{t`Minutes for ${code}`}</Label>
                  <Input className={ui.input} inputMode="numeric" maxLength={4} placeholder={t`min`} />
                </TextField>
                <button
                  type="button"
                  className={`${ui.button} ${ui.plain}`}
                  aria-label={t`Remove ${code}`}
                  onClick={() => onChange(reasons.filter((reason) => reason.code !== code))}
                >
                  <span aria-hidden>×</span>
                </button>
              </li>
            );
          })}
        </ul>
      )}
      {props.wrong && (
        <p className={ui.wrong} role="alert">
          {props.wrong}
        </p>
      )}
      {reasons.length < MOST ? (
        <Picker
          label={t`Add a reason`}
          choices={choices}
          typed={typed}
          onTyped={setTyped}
          onPick={(code) => onChange([...reasons, { code, minutes: "" }])}
          none={t`No code says that. 99 is for a reason without a code of its own.`}
        />
      ) : (
        <p className={ui.hint}>
          <Trans>A flight has five reasons at most.</Trans>
        </p>
      )}
    </div>
  );
}
