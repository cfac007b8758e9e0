import { msg } from "@lingui/core/macro";
import { Trans, useLingui } from "@lingui/react/macro";
import { type ReactNode, useState } from "react";
import { Label, Radio, RadioGroup } from "react-aria-components";
import { ApiProblem, Refused } from "../api/problems";
import { useSession } from "../api/session";
import { AskForm, TextLine, Tick } from "../ui/forms";
import { Loading } from "../ui/states";
import ui from "../ui/ui.module.css";
import { NoPush, type PushTrouble, pushTrouble, subscribed } from "./browserPush";
import { type Device, hidden, type Subject } from "./device";
import styles from "./follow.module.css";
import { follow, useDevice, useRefresh } from "./following";
import { PushTroubleNotice } from "./PushTroubleNotice";
import { type Rule, readWishes, told, usual, WishesFields } from "./wishes";

const WAYS = [
  { id: "email", label: msg`Email` },
  { id: "sms", label: msg`SMS` },
  { id: "webpush", label: msg({ message: "Browser", context: "where messages go to" }) },
] as const;
type Way = (typeof WAYS)[number]["id"];

/**
 * Follow in three clicks: choose the way, give the address, Follow. `subject` says what: it may be read of the fields that
 * are put in as children.
 */
export function FollowForm(props: { subject: (fields: FormData) => Subject; children?: ReactNode }) {
  const { t } = useLingui();
  const device = useDevice();
  const session = useSession();
  if (!device || session.state === "unknown")
    return <Loading label={t`Loading what this device remembers`} />;
  const own = session.state === "signed-in" ? session.account.email : undefined;
  return <Fields {...props} typed={device.typed} own={own} />;
}

function Fields(props: {
  subject: (fields: FormData) => Subject;
  children?: ReactNode;
  typed: Device["typed"];
  own: string | undefined;
}) {
  const { t, i18n } = useLingui();
  const refresh = useRefresh();
  const [way, setWay] = useState<Way>(props.typed.sms && !props.typed.email ? "sms" : "email");
  const [rule, setRule] = useState<Rule>(() => usual(i18n.locale));
  const [trouble, setTrouble] = useState<PushTrouble>();

  async function send(fields: FormData) {
    setTrouble(undefined);
    const subject = props.subject(fields);
    const typed = String(fields.get("address") ?? "").trim();
    try {
      // Push is asked for first: a browser shows its question only shortly after a click.
      const address = way === "webpush" ? { ...(await subscribed()).toJSON() } : typed;
      const wishes = readWishes(fields, rule);
      await follow(
        { ...subject, ...wishes, channel: way, address },
        hidden(way, typed),
        fields.has("remember"),
      );
      await refresh();
    } catch (error) {
      if (!(error instanceof NoPush)) throw inOurWords(error);
      setTrouble(error.why);
    }
  }

  /** What the API refuses of an address, in the app's language; of what is no field here, above the form. */
  function inOurWords(error: unknown): unknown {
    if (!(error instanceof ApiProblem)) return error;
    const names = error.errors.map(({ name }) => name.split(".")[0]);
    if (names.includes("address") && way === "email")
      return new Refused("", { address: t`This is not an email address. One looks like ada@example.com.` });
    if (names.includes("address") && way === "sms" && !error.message.includes("special rate"))
      return new Refused("", { address: t`This is not a phone number with + and the country’s code.` });
    if (names.includes("address") || names.includes("flight") || names.includes("channel"))
      return new ApiProblem(error.status, error.title, error.detail, [], error.retryAfter, error.instance);
    return error;
  }

  const blocked = way === "webpush" ? pushTrouble() : undefined;
  const shownTrouble = way === "webpush" ? (blocked ?? trouble) : undefined;
  const remembered = way !== "webpush" && props.typed[way] !== undefined;
  return (
    <AskForm ask={send} submit={blocked ? undefined : t`Follow`}>
      {props.children}
      <RadioGroup
        name="channel"
        value={way}
        onChange={(id) => {
          const chosen = WAYS.find((each) => each.id === id);
          if (chosen) setWay(chosen.id);
        }}
        className={ui.field}
      >
        <Label className={ui.label}>
          <Trans>Where to tell you</Trans>
        </Label>
        <div className={styles.ways}>
          {WAYS.map(({ id, label }) => (
            <Radio key={id} value={id} className={styles.way}>
              <Sign way={id} />
              <span>{i18n._(label)}</span>
            </Radio>
          ))}
        </div>
      </RadioGroup>
      {way === "email" && (
        <TextLine
          key="email"
          name="address"
          label={t`Email address`}
          type="email"
          autoComplete="email"
          inputMode="email"
          required
          maxLength={254}
          value={props.typed.email ?? props.own}
        />
      )}
      {way === "sms" && (
        <TextLine
          key="sms"
          name="address"
          label={t`Mobile number`}
          hint={t`With + and the country’s code, such as +1 202 555 0123`}
          type="tel"
          autoComplete="tel"
          inputMode="tel"
          required
          maxLength={40}
          value={props.typed.sms}
        />
      )}
      {way === "webpush" && !shownTrouble && (
        <p>
          <Trans>Messages come to this browser, also while this page is closed.</Trans>
        </p>
      )}
      {shownTrouble && <PushTroubleNotice why={shownTrouble} />}
      {way !== "webpush" && (
        <Tick key={`remember ${way}`} name="remember" value={remembered}>
          <Trans>Remember it on this device</Trans>
        </Tick>
      )}
      {!blocked && (
        <>
          <Wished rule={rule} onChange={setRule} />
          <p className={ui.hint}>
            {way === "webpush" ? (
              <Trans>You can stop at any time.</Trans>
            ) : (
              <Trans>
                Used for these messages only, and deleted about three months after the last flight you follow.
                You can stop at any time.
              </Trans>
            )}
          </p>
        </>
      )}
    </AskForm>
  );
}

/** What is told, in a sentence, with all that can be chosen folded under it. */
export function Wished({ rule, onChange }: { rule: Rule; onChange: (rule: Rule) => void }) {
  const { i18n } = useLingui();
  const [open, setOpen] = useState(false);
  const [initial] = useState(rule);
  return (
    <div
      className={ui.field}
      onChange={({ currentTarget }) => {
        const form = currentTarget.closest("form");
        if (form) onChange({ ...rule, ...wishedOf(new FormData(form), rule) });
      }}
      onInvalidCapture={() => setOpen(true)} // what is wrong is to be seen
    >
      <p>{told(rule, i18n)}</p>
      <details
        open={open}
        onToggle={({ currentTarget }) => setOpen(currentTarget.open)}
        className={styles.fold}
      >
        <summary>
          <Trans>Choose what you are told</Trans>
        </summary>
        <div className={ui.form}>
          <WishesFields rule={initial} />
        </div>
      </details>
    </div>
  );
}

/** What the sentence tells of the fields as they are being filled in. */
function wishedOf(fields: FormData, rule: Rule): Pick<Rule, "tell" | "first_delay"> {
  const { tell, first_delay } = readWishes(fields, rule);
  return { tell: tell ?? rule.tell, first_delay: first_delay ?? rule.first_delay };
}

/** A sign of each way, beside its word. */
function Sign({ way }: { way: Way }) {
  const path = {
    email: "M3 6h18v12H3zm0 .5 9 7 9-7",
    sms: "M4 4h16v12H10l-4 4v-4H4z",
    webpush: "M6 17V11a6 6 0 0 1 12 0v6l2 1H4zm4 3h4",
  }[way];
  return (
    <svg viewBox="0 0 24 24" className={styles.sign} aria-hidden="true">
      <path d={path} />
    </svg>
  );
}
