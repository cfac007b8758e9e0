import { Trans, useLingui } from "@lingui/react/macro";
import { useEffect, useRef, useState } from "react";
import { Button } from "react-aria-components";
import { flushSync } from "react-dom";
import { api, unwrap } from "../api/client";
import { ApiProblem, Refused } from "../api/problems";
import type { components } from "../api/schema";
import { ended, logIn } from "../api/session";
import type { AccountLine } from "../api/types";
import { Asking } from "../ui/dialog";
import { AskForm, TextLine } from "../ui/forms";
import { Page } from "../ui/page";
import ui from "../ui/ui.module.css";
import styles from "./account.module.css";
import { PasswordLine } from "./PasswordLine";

export type ErasedAnswer = components["schemas"]["ErasedAnswer"];

/** The way to delete one's account: what goes and what stays is said before. */
export function Deleting(props: { account: AccountLine; onErased: (answer: ErasedAnswer) => void }) {
  const { t } = useLingui();
  const { account } = props;
  const [open, setOpen] = useState(false);
  const [anew, setAnew] = useState(false);

  async function erase(fields: FormData) {
    if (String(fields.get("confirm")).trim().toLowerCase() !== account.email.toLowerCase()) {
      throw new Refused("", { confirm: t`This is not ${account.email}.` });
    }
    if (anew) {
      await logIn(account.email, String(fields.get("password"))).catch((error: unknown) => {
        if (!(error instanceof ApiProblem && error.status === 401)) throw error;
        throw new Refused("", { password: t`This is not the password of your account.` });
      });
    }
    const answer = await unwrap(api.DELETE("/v1/accounts/me")).catch((error: unknown) => {
      if (!(error instanceof ApiProblem && error.status === 401)) throw error;
      setAnew(true);
      throw new Refused(
        t`You logged in more than 15 minutes ago. To show that it is you, enter your password, too.`,
      );
    });
    flushSync(() => props.onErased(answer)); // the page says so before it knows a guest, whom it would lead away
    ended();
  }

  return (
    <section aria-labelledby="delete" className={ui.card}>
      <h2 id="delete">
        <Trans>Delete your account</Trans>
      </h2>
      {account.role === "admin" ? (
        <p>
          <Trans>
            An administrator’s account is not deleted by itself: another administrator takes the role away
            first.
          </Trans>
        </p>
      ) : (
        <>
          <p>
            <Trans>Your account and what is kept with it is erased. That can’t be undone.</Trans>
          </p>
          <div className={ui.actions}>
            <Button className={`${ui.button} ${ui.danger}`} onPress={() => setOpen(true)}>
              <Trans>Delete account …</Trans>
            </Button>
          </div>
        </>
      )}
      <Asking title={t`Delete your account?`} open={open} alert onClose={() => setOpen(false)}>
        <h3>
          <Trans>What is erased</Trans>
        </h3>
        <ul className={styles.points}>
          <li>
            <Trans>Your email address, your password and all logins</Trans>
          </li>
          <li>
            <Trans>The flights you follow, and what you were told of them</Trans>
          </li>
          <li>
            <Trans>What you agreed to, and when</Trans>
          </li>
        </ul>
        <h3>
          <Trans>What stays, and why</Trans>
        </h3>
        <ul className={styles.points}>
          <li>
            <Trans>The security log without your address, for 400 days: to find misuse</Trans>
          </li>
          <li>
            <Trans>Backups, for 35 days: to restore the system</Trans>
          </li>
          <li>
            <Trans>The letter that tells you of it, for 2 days: so that it reaches you</Trans>
          </li>
          <li>
            <Trans>
              That your address bounces or does not want messages, as far as it does: so that nobody writes to
              it again
            </Trans>
          </li>
        </ul>
        <p className={ui.hint}>
          <Trans>Once it is done you see the whole list.</Trans>
        </p>
        <AskForm
          submit={t`Delete account`}
          tone="danger"
          ask={erase}
          beside={
            <Button className={ui.button} onPress={() => setOpen(false)}>
              <Trans>Cancel</Trans>
            </Button>
          }
        >
          <TextLine
            label={t`Type ${account.email} to confirm`}
            name="confirm"
            type="text"
            inputMode="email"
            autoComplete="off"
            required
          />
          {anew && (
            <>
              <input
                type="text"
                name="username"
                autoComplete="username"
                value={account.email}
                readOnly
                hidden
              />
              <PasswordLine label={t`Password`} name="password" focused />
            </>
          )}
        </AskForm>
      </Asking>
    </section>
  );
}

/** What became of the data, as the API tells it. */
export function Erased({ answer }: { answer: ErasedAnswer }) {
  const { t } = useLingui();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const timer = setTimeout(() => heading.current?.focus(), 100); // once the dialog has given the focus back
    return () => clearTimeout(timer);
  }, []);
  const names: Record<string, string> = {
    accounts: t`Your account, your logins and what you agreed to`,
    alerts: t`The flights you followed, and what you were told of them`,
  };
  const named = (parts: string[]) => parts.map((part) => <li key={part}>{names[part] ?? part}</li>);
  return (
    <Page
      narrow
      title={t`Your account is deleted`}
      heading={
        <h1 tabIndex={-1} ref={heading}>
          <Trans>Your account is deleted</Trans>
        </h1>
      }
    >
      <p>
        <Trans>A letter tells you so, too.</Trans>
      </p>
      <section aria-labelledby="erased" className={ui.card}>
        <h2 id="erased">
          <Trans>What was erased</Trans>
        </h2>
        <ul className={styles.points}>{named(answer.erased)}</ul>
      </section>
      {answer.continues.length > 0 && (
        <section aria-labelledby="continues" className={ui.card}>
          <h2 id="continues">
            <Trans>What is being erased within minutes</Trans>
          </h2>
          <ul className={styles.points}>{named(answer.continues)}</ul>
        </section>
      )}
      <section aria-labelledby="kept" className={ui.card}>
        <h2 id="kept">
          <Trans>What stays, and why</Trans>
        </h2>
        <ul className={styles.list} lang="en">
          {answer.kept.map(({ what, why, until }) => (
            <li key={what} className={styles.device}>
              <div>
                <p className={styles.sentence}>{what}</p>
                <p className={`${ui.hint} ${styles.sentence}`}>{why}</p>
                <p className={`${ui.hint} ${styles.sentence}`}>{until}</p>
              </div>
            </li>
          ))}
        </ul>
      </section>
    </Page>
  );
}
