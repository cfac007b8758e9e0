import { Trans, useLingui } from "@lingui/react/macro";
import { useEffect, useRef } from "react";
import { AskForm, SelectOne, TextLine } from "../ui/forms";
import ui from "../ui/ui.module.css";
import { useVerbs } from "./verbs";

/** A passenger's passport, typed once. It goes to the airline's side sealed, and stays nowhere on this device. */
export function PassportForm({ pnr, place, name }: { pnr: string; place: number; name: string }) {
  const { t } = useLingui();
  const verbs = useVerbs(pnr);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const id = `passport-${place}`;
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
        submit={t`Save the passport`}
        ask={async (fields) => {
          const text = (field: string) => String(fields.get(field) ?? "").trim();
          await verbs.giveDocument({
            passenger: place,
            passport: {
              number: text("number"),
              issuing_state: text("issuing_state"),
              nationality: text("nationality"),
              date_of_birth: text("date_of_birth"),
              expires_on: text("expires_on"),
              sex: text("sex"),
            },
          });
        }}
      >
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
        <SelectOne
          name="sex"
          label={t`Sex in the passport`}
          options={[
            { id: "F", label: "F" },
            { id: "M", label: "M" },
            { id: "X", label: "X" },
          ]}
          value="X"
        />
      </AskForm>
    </section>
  );
}
