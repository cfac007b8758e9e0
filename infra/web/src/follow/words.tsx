import { msg } from "@lingui/core/macro";
import { Trans, useLingui } from "@lingui/react/macro";
import type { Channel } from "../api/types";
import { day } from "../ui/times";
import type { Subject } from "./device";

/** What is followed, as a person would say it. */
export function AskedWhat({ subject }: { subject: Subject }) {
  const { i18n } = useLingui();
  const [flight, spelled] = subject.flight?.split("-") ?? [];
  const date = subject.date ?? spelled?.replace(/(\d{4})(\d\d)(\d\d)/, "$1-$2-$3") ?? "";
  const on = date && day(`${date}T12:00:00Z`, "UTC", i18n.locale);
  const number = flight ?? subject.number;
  if (number)
    return (
      <Trans comment="a flight's number, and its day">
        {number}, {on}
      </Trans>
    );
  const { origin, destination } = subject;
  return (
    <Trans comment="airports' codes, and the day">
      All flights {origin} to {destination}, {on}
    </Trans>
  );
}

/** Where messages go to. */
export function Where({ channel, address, known }: { channel: Channel; address: string; known: boolean }) {
  switch (channel) {
    case "email":
      return (
        <Trans>
          Email to <strong>{address}</strong>
        </Trans>
      );
    case "sms":
      return (
        <Trans>
          SMS to <strong>{address}</strong>
        </Trans>
      );
    case "webpush":
      return known ? <Trans>Messages to this browser</Trans> : <Trans>Messages to another browser</Trans>;
    case "push":
      return <Trans>Messages to the app</Trans>;
    case "webhook":
      return (
        <Trans>
          Calls to <strong>{address}</strong>
        </Trans>
      );
  }
}

/** What a message told (chalicelib/alerts/model.py, Matter). */
export const MATTERS = {
  cancelled: msg`Cancelled`,
  reinstated: msg`Flies after all`,
  diverted: msg`Diverted`,
  "diversion-ended": msg`Flies to its destination after all`,
  returned: msg`Returned`,
  delayed: msg`Later`,
  earlier: msg`Earlier`,
  gate: msg`Gate`,
  terminal: msg`Terminal`,
  "final-call": msg`Final call`,
  boarding: msg`Boarding`,
  departed: msg`Departed`,
  landed: msg`Landed`,
  belt: msg`Baggage belt`,
  reminder: msg`Reminder`,
} as const;

/** What came of a message (chalicelib/channels/model.py, Outcome). */
export const OUTCOMES = {
  accepted: { words: msg`Sent`, tone: "good" },
  later: { words: msg`Not taken yet, it is tried again`, tone: "late" },
  refused: { words: msg`Refused by the provider`, tone: "bad" },
  gone: { words: msg`Nobody is reached there any more`, tone: "bad" },
} as const;

export function isOne<Words extends object>(
  words: Words,
  name: string,
): name is Words extends Words ? keyof Words & string : never {
  return name in words;
}
