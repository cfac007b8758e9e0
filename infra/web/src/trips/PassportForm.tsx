import { Trans, useLingui } from "@lingui/react/macro";
import { useEffect, useRef, useState } from "react";
import { AskForm, ChooseOne, TextLine } from "../ui/forms";
import ui from "../ui/ui.module.css";
import { useVerbs } from "./verbs";

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
    await verbs.giveDocument({
      passenger: place,
      ...(byLines
        ? { machine_readable_zone: [text("machine_readable_zone"), text("lower")] }
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
    <>
      <TextLine
        name="machine_readable_zone"
        label={t`Upper line`}
        hint={t`Both stand below the photo and have 44 characters; < counts, too.`}
        placeholder="P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"
        required
        maxLength={60}
        autoComplete="off"
      />
      <TextLine
        name="lower"
        label={t`Lower line`}
        placeholder="L898902C36UTO7408122F1204159ZE184226B<<<<<10"
        required
        maxLength={60}
        autoComplete="off"
      />
    </>
  );
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
