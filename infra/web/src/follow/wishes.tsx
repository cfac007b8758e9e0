import type { I18n } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import { Trans, useLingui } from "@lingui/react/macro";
import { useState } from "react";
import { Checkbox, CheckboxGroup, FieldError, Input, Label, Text, TextField } from "react-aria-components";
import type { Interest, SubscriptionLine, Wishes } from "../api/types";
import { isLanguage, LANGUAGES, type Language } from "../shell/language";
import { SelectOne, TextLine } from "../ui/forms";
import ui from "../ui/ui.module.css";
import styles from "./follow.module.css";

/** By what somebody is told, as the API keeps it. */
export type Rule = Pick<SubscriptionLine, "tell" | "first_delay" | "further" | "language" | "zone" | "quiet">;

export const INTERESTS = [
  { id: "cancellation", label: msg`Cancellation` },
  { id: "diversion", label: msg`Diversion to another airport` },
  { id: "time", label: msg`Delays and earlier times` },
  { id: "gate", label: msg`Gate and terminal` },
  { id: "boarding", label: msg`Boarding and final call` },
  { id: "departure", label: msg`Departure` },
  { id: "arrival", label: msg`Landing` },
  { id: "belt", label: msg`Baggage belt` },
  { id: "reminder", label: msg`Reminders 24 and 3 hours before departure` },
] as const satisfies readonly { id: Interest; label: unknown }[];

const USUAL: Interest[] = ["cancellation", "diversion", "time", "gate", "reminder"];

/** The rule that who chooses nothing has (chalicelib/alerts/model.py), in the app's language and the browser's zone. */
export function usual(locale: string): Rule {
  const language = isLanguage(locale) ? locale : "en";
  return { tell: USUAL, first_delay: 15, further: 10, quiet: null, language, zone: browsersZone() };
}

/** What a rule tells, in one sentence. */
export function told(rule: Rule, i18n: I18n): string {
  const names = INTERESTS.filter(({ id }) => rule.tell.includes(id)).map(({ id, label }) =>
    id === "time"
      ? i18n._(msg`delays of ${rule.first_delay} minutes or more`)
      : lowered(i18n._(label), i18n.locale),
  );
  const list = new Intl.ListFormat(i18n.locale, { type: "conjunction" }).format(names);
  return i18n._(msg`You are told of: ${list}.`);
}

/** All of a rule as fields, folded by who shows them. Read with `readWishes`. */
export function WishesFields({ rule }: { rule: Rule }) {
  const { t, i18n } = useLingui();
  const [quiet, setQuiet] = useState(Boolean(rule.quiet));
  return (
    <>
      <CheckboxGroup name="tell" defaultValue={rule.tell} isRequired className={ui.field}>
        <Label className={ui.label}>
          <Trans>Tell me about</Trans>
        </Label>
        <div className={styles.interests}>
          {INTERESTS.map(({ id, label }) => (
            <Checkbox key={id} value={id} className={ui.choice}>
              {({ isSelected }) => (
                <>
                  <span className={ui.box} aria-hidden>
                    {isSelected && "✓"}
                  </span>
                  <span>{i18n._(label)}</span>
                </>
              )}
            </Checkbox>
          ))}
        </div>
        <FieldError className={ui.wrong} />
      </CheckboxGroup>
      <div className={styles.pair}>
        <Minutes name="first_delay" label={t`Tell me of a delay from`} value={rule.first_delay} />
        <Minutes name="further" label={t`Again when it moves by`} value={rule.further} />
      </div>
      <fieldset className={styles.quiet}>
        <legend className={ui.label}>
          <Trans>Quiet hours</Trans>
        </legend>
        <Checkbox name="has_quiet" value="yes" isSelected={quiet} onChange={setQuiet} className={ui.choice}>
          {({ isSelected }) => (
            <>
              <span className={ui.box} aria-hidden>
                {isSelected && "✓"}
              </span>
              <span>
                <Trans>Send what can wait afterwards</Trans>
              </span>
            </>
          )}
        </Checkbox>
        <p className={ui.hint}>
          <Trans>Cancellations, diversions, gates and final calls are told at once.</Trans>
        </p>
        {quiet && (
          <>
            <div className={styles.pair}>
              <TextLine
                name="quiet"
                label={t({ message: "From", context: "a time of day" })}
                type="time"
                required
                value={rule.quiet?.from ?? "22:00"}
              />
              <TextLine
                name="quiet_to"
                label={t({ message: "To", context: "a time of day" })}
                type="time"
                required
                value={rule.quiet?.to ?? "07:00"}
              />
            </div>
            <TextLine
              name="zone"
              label={t`By the clocks of`}
              hint={t`A time zone, such as Europe/Berlin`}
              required
              maxLength={60}
              value={rule.zone}
            />
          </>
        )}
      </fieldset>
      <SelectOne<Language>
        name="language"
        label={t`Language of the messages`}
        options={Object.entries(LANGUAGES).flatMap(([id, label]) => (isLanguage(id) ? [{ id, label }] : []))}
        value={isLanguage(rule.language) ? rule.language : "en"}
      />
    </>
  );
}

/** What the fields say. */
export function readWishes(fields: FormData, rule: Rule): Wishes {
  const language = text(fields, "language");
  const asked = new Set(fields.getAll("tell"));
  const quiet = fields.get("has_quiet") === "yes";
  return {
    tell: INTERESTS.map(({ id }) => id).filter((id) => asked.has(id)),
    first_delay: Number(text(fields, "first_delay")),
    further: Number(text(fields, "further")),
    quiet: quiet ? { from: text(fields, "quiet"), to: text(fields, "quiet_to") } : null,
    zone: quiet ? text(fields, "zone").trim() : rule.zone,
    language: isLanguage(language) ? language : "en",
  };
}

function Minutes({ name, label, value }: { name: string; label: string; value: number }) {
  return (
    <TextField name={name} isRequired defaultValue={String(value)} className={ui.field}>
      <Label className={ui.label}>{label}</Label>
      <Text slot="description" className={ui.hint}>
        <Trans>Minutes, 5 to 240</Trans>
      </Text>
      <Input type="number" inputMode="numeric" min={5} max={240} className={ui.input} />
      <FieldError className={ui.wrong} />
    </TextField>
  );
}

function text(fields: FormData, name: string): string {
  const value = fields.get(name);
  return typeof value === "string" ? value : "";
}

/** A name within a sentence: German keeps its capitals, Chinese has none. */
function lowered(name: string, locale: string): string {
  return locale === "de" ? name : name.slice(0, 1).toLocaleLowerCase(locale) + name.slice(1);
}

function browsersZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}
