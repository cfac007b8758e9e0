import { msg } from "@lingui/core/macro";
import { Trans, useLingui } from "@lingui/react/macro";
import { useState } from "react";
import type { AccountLine, Role } from "../api/types";
import { SelectOne, TextLine } from "../ui/forms";

export const ROLES = {
  passenger: msg`Passenger`,
  operator: msg`Operator`,
  admin: msg`Admin`,
} as const satisfies Record<Role, unknown>;

type Acts = Pick<AccountLine, "role" | "airlines" | "airports">;

/** What an operator acts for, in a word or two; nothing for others. */
export function ActsFor({ of }: { of: Acts }) {
  const { i18n } = useLingui();
  if (of.role !== "operator") return null;
  return <>{new Intl.ListFormat(i18n.locale, { type: "unit" }).format([...of.airlines, ...of.airports])}</>;
}

/** The fields of a role, and of the airlines and airports that an operator acts for. */
export function MandateFields({ now }: { now?: Acts }) {
  const { t, i18n } = useLingui();
  const [role, setRole] = useState<Role>(now?.role ?? "operator");
  const options = (["passenger", "operator", "admin"] as const).map((id) => ({
    id,
    label: i18n._(ROLES[id]),
  }));
  return (
    <>
      <SelectOne label={t`Role`} name="role" options={options} value={role} onChange={setRole} />
      {role === "operator" && (
        <>
          <TextLine
            label={t`Airlines`}
            name="airlines"
            hint={t`Their designators, such as UA DL. They change everything of the airline’s own flights.`}
            value={now?.airlines.join(" ")}
            autoComplete="off"
          />
          <TextLine
            label={t`Airports`}
            name="airports"
            hint={t`Their codes, such as EWR LGA. They change what happens there.`}
            value={now?.airports.join(" ")}
            autoComplete="off"
          />
        </>
      )}
      {role === "admin" && (
        <p>
          <Trans>An admin changes every flight, and manages people and keys.</Trans>
        </p>
      )}
    </>
  );
}

/** What the fields of a role say. */
export function mandateOf(fields: FormData): Acts {
  const role = fields.get("role");
  const known = role === "admin" || role === "operator" ? role : "passenger";
  return {
    role: known,
    airlines: codesIn(fields.get("airlines")),
    airports: codesIn(fields.get("airports")),
  };
}

/** Codes as people type them: UA, ua dl, EWR/LGA. */
export function codesIn(typed: FormDataEntryValue | null): string[] {
  return String(typed ?? "")
    .toUpperCase()
    .split(/[\s,;/]+/)
    .filter(Boolean);
}
