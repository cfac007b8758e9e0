import { Trans, useLingui } from "@lingui/react/macro";
import { useEffect, useRef, useState } from "react";
import { ApiProblem, Refused } from "../api/problems";
import { AskForm, TextLine } from "../ui/forms";
import { Why } from "../ui/states";
import { clockTime } from "../ui/times";
import ui from "../ui/ui.module.css";
import { useCode, welcome } from "./browserPush";
import type { Asked } from "./device";
import styles from "./follow.module.css";
import { addressOf, again, confirmByCode, takeBack, useRefresh } from "./following";
import { AskedWhat } from "./words";

const AGAIN_AFTER = 10 * 60_000; // the API sends no second message sooner
const FRESH = 3_000; // what was asked for just now takes the focus from the form that is gone
const PUSH_WITHIN = 30_000;

/**
 * What was asked for and waits to be confirmed: by the link of an email, or by a code. `named`: it says what; `held`: it is
 * one of the subscriptions that are shown, and is stopped as they are.
 */
export function AskedCard(props: { asked: Asked; named?: boolean; held?: boolean }) {
  const { asked, named, held } = props;
  const { t, i18n } = useLingui();
  const heading = useRef<HTMLHeadingElement>(null);
  const [, wake] = useState(0);
  const since = Date.now() - asked.at;
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  useEffect(() => {
    if (Date.now() - asked.at < FRESH) heading.current?.focus();
    const timer = setTimeout(
      () => wake((n) => n + 1),
      Math.max(0, asked.at + AGAIN_AFTER - Date.now()) + 500,
    );
    return () => clearTimeout(timer);
  }, [asked.at]);

  const repeat = again(asked);
  const time = clockTime(asked.at + AGAIN_AFTER, zone, i18n.locale);
  return (
    <div className={styles.asked} data-asked={asked.channel}>
      <h3 ref={heading} tabIndex={-1}>
        {named ? (
          <AskedWhat subject={asked} />
        ) : asked.confirm === "link" ? (
          <Trans>Open the link we sent</Trans>
        ) : asked.channel === "sms" ? (
          <Trans>Enter the code we sent</Trans>
        ) : (
          <Trans>Waiting for this browser’s message</Trans>
        )}
      </h3>
      {asked.channel === "email" && (
        <p>
          <Trans>
            We have sent a link to <strong>{addressOf(asked)}</strong>. Open it to begin: it holds for 48
            hours. If you confirmed this address before, no link comes; you are told already.
          </Trans>
        </p>
      )}
      {asked.channel === "sms" && <Code asked={asked} />}
      {asked.channel === "webpush" && <Push asked={asked} />}
      {!asked.bound && (
        <p className={ui.hint}>
          <Trans>This flight is not known yet. You are told of it from when it appears.</Trans>
        </p>
      )}
      {repeat && since < AGAIN_AFTER && asked.channel !== "webpush" && (
        <p className={ui.hint}>
          {asked.channel === "email" ? (
            <Trans>Nothing came? Look into the spam folder. You can ask for another from {time}.</Trans>
          ) : (
            <Trans>Nothing came? You can ask for another code from {time}.</Trans>
          )}
        </p>
      )}
      <div className={ui.actions}>
        {repeat && since >= AGAIN_AFTER && <Repeat repeat={repeat} />}
        {!held && (
          <button type="button" className={ui.button} onClick={() => void takeBack(asked.id)}>
            {t`Start over`}
          </button>
        )}
      </div>
    </div>
  );
}

/** The six digits of an SMS. */
function Code({ asked }: { asked: Asked }) {
  const { t } = useLingui();
  const refresh = useRefresh();
  return (
    <>
      <p>
        <Trans>
          We have sent six digits to <strong>{addressOf(asked)}</strong>. They hold for 15 minutes. If you
          confirmed this number before, none come; you are told already.
        </Trans>
      </p>
      <AskForm
        submit={t`Confirm`}
        ask={async (fields) => {
          try {
            await confirmByCode(asked.id, String(fields.get("code") ?? ""));
          } catch (error) {
            if (error instanceof ApiProblem && error.status === 400)
              throw new Refused("", { code: t`This code is wrong or too old. Look at the latest message.` });
            throw error;
          }
          await refresh();
        }}
      >
        <div className={styles.code}>
          <TextLine
            name="code"
            label={t`Code of six digits`}
            inputMode="numeric"
            autoComplete="one-time-code"
            pattern="\s*(\d\s*){6}"
            required
            maxLength={12}
          />
        </div>
      </AskForm>
    </>
  );
}

/** A browser confirms by itself: its service worker hands over the code. */
function Push({ asked }: { asked: Asked }) {
  const { t } = useLingui();
  const code = useCode(asked.id);
  const refresh = useRefresh();
  const [error, setError] = useState<unknown>();
  const [late, setLate] = useState(false);
  const tried = useRef<string>(undefined);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), Math.max(0, asked.at + PUSH_WITHIN - Date.now()));
    return () => clearTimeout(timer);
  }, [asked.at]);
  useEffect(() => {
    if (!code || tried.current === code) return;
    tried.current = code;
    confirmByCode(asked.id, code)
      .then(() => welcome(t`You follow this flight`, t`Changes are told here.`))
      .then(refresh)
      .catch(setError);
  });
  if (error !== undefined)
    return (
      <p role="alert">
        <Why error={error} />
      </p>
    );
  return (
    <p role="status">
      {late ? (
        <Trans>
          The message has not come. Check that notifications are allowed for this browser in your device’s
          settings, then start over.
        </Trans>
      ) : (
        <Trans>A message is on its way to this browser. It confirms by itself, within seconds.</Trans>
      )}
    </p>
  );
}

function Repeat({ repeat }: { repeat: () => Promise<void> }) {
  const { t } = useLingui();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  return (
    <>
      <button
        type="button"
        className={ui.button}
        disabled={busy}
        onClick={() => {
          setBusy(true);
          setError(undefined);
          repeat()
            .catch(setError)
            .finally(() => setBusy(false));
        }}
      >
        {t`Send another`}
      </button>
      {error !== undefined && (
        <span role="alert" className={ui.wrong}>
          <Why error={error} />
        </span>
      )}
    </>
  );
}
