import { Trans, useLingui } from "@lingui/react/macro";
import { useEffect, useRef, useState } from "react";
import { Label, Text, TextArea, TextField } from "react-aria-components";
import { Refused } from "../api/problems";
import { AskForm, ChooseOne, TextLine, Wrong } from "../ui/forms";
import ui from "../ui/ui.module.css";
import styles from "./trips.module.css";
import { useVerbs } from "./verbs";

const LINE = 44; // characters

/** A passenger's passport, typed once. It goes to the airline's side sealed, and stays nowhere on this device. */
export function PassportForm({ pnr, place, name }: { pnr: string; place: number; name: string }) {
  const { t } = useLingui();
  const verbs = useVerbs(pnr);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const id = `passport-${place}`;
  const [byLines, setByLines] = useState(false);

  async function give(fields: FormData) {
    const text = (field: string) => String(fields.get(field) ?? "").trim();
    const lines = linesOf(text("machine_readable_zone"));
    if (byLines && !lines)
      throw new Refused("", { machine_readable_zone: t`These are not two lines of 44 characters.` });
    await verbs.giveDocument({
      passenger: place,
      ...(lines
        ? { machine_readable_zone: lines }
        : {
            passport: {
              number: text("number"),
              issuing_state: text("issuing_state"),
              nationality: text("nationality"),
              date_of_birth: text("date_of_birth"),
              expires_on: text("expires_on"),
              sex: text("sex"),
            },
          }),
    });
  }

  return (
    <section className={ui.card} aria-labelledby={id}>
      <h2 id={id} ref={heading} tabIndex={-1}>
        {t`Passport of ${name}`}
      </h2>
      <p className={ui.hint}>
        <Trans>
          Type it as the passport has it. It is kept encrypted, and erased a day after your last flight.
        </Trans>
      </p>
      <AskForm
        key={String(byLines)}
        submit={t`Save the passport`}
        ask={give}
        beside={
          <button type="button" className={`${ui.button} ${ui.plain}`} onClick={() => setByLines(!byLines)}>
            {byLines ? t`Type what it says instead` : t`Type its two lines of code instead`}
          </button>
        }
      >
        {byLines ? <Lines /> : <Fields />}
      </AskForm>
    </section>
  );
}

/** The two lines at the foot of a passport's page, by whose check digits nothing is misread (ICAO Doc 9303-4). */
function Lines() {
  const { t } = useLingui();
  return (
    <TextField name="machine_readable_zone" isRequired className={ui.field}>
      <Label className={ui.label}>{t`The two lines`}</Label>
      <Text slot="description" className={ui.hint}>
        {t`They stand below the photo and have 44 characters each; < counts, too.`}
      </Text>
      <TextArea
        rows={4}
        className={`${ui.input} ${styles.lines}`}
        autoComplete="off"
        autoCapitalize="characters"
        spellCheck="false"
      />
      <Wrong />
    </TextField>
  );
}

/** The two lines of what was typed, which may be broken anywhere; undefined: it is more or less than that. */
export function linesOf(typed: string): [string, string] | undefined {
  const all = typed.replace(/\s/g, "").toUpperCase();
  return all.length === 2 * LINE ? [all.slice(0, LINE), all.slice(LINE)] : undefined;
}

function Fields() {
  const { t } = useLingui();
  return (
    <>
      <TextLine name="number" label={t`Passport number`} required maxLength={30} autoComplete="off" />
      <TextLine
        name="issuing_state"
        label={t`Issued by`}
        hint={t`The state’s letters in the passport, such as USA or CHE`}
        required
        maxLength={3}
        autoComplete="off"
      />
      <TextLine
        name="nationality"
        label={t`Nationality`}
        hint={t`In letters, too`}
        required
        maxLength={3}
        autoComplete="off"
      />
      <TextLine name="date_of_birth" label={t`Date of birth`} type="date" required autoComplete="off" />
      <TextLine name="expires_on" label={t`Valid until`} type="date" required autoComplete="off" />
      <ChooseOne
        name="sex"
        label={t`Sex in the passport`}
        options={[
          { id: "F", label: "F" },
          { id: "M", label: "M" },
          { id: "X", label: "X" },
        ]}
      />
    </>
  );
}
