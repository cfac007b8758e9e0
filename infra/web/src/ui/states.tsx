import { Trans, useLingui } from "@lingui/react/macro";
import { type ReactNode, useEffect, useState } from "react";
import { ApiProblem, NoAnswer, Refused } from "../api/problems";
import { relative } from "./times";
import styles from "./ui.module.css";

export type Tone = "good" | "late" | "bad";

/** Something to know, beside what the page shows. `says`: read out when it appears. */
export function Notice(props: { tone?: Tone; says?: boolean; children: ReactNode }) {
  const role = props.says ? (props.tone === "bad" ? "alert" : "status") : undefined;
  return (
    <div className={styles.notice} data-tone={props.tone} role={role}>
      {props.children}
    </div>
  );
}

/** The place of what is being loaded, in lines; after three seconds it says that it takes longer than usual. */
export function Loading({ lines = 3, label }: { lines?: number; label: string }) {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), 3000);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div role="status" className={styles.form}>
      <span className="hidden-but-read">{label}</span>
      {Array.from({ length: lines }, (_, line) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all the same
        <span key={line} className={styles.skeleton} style={{ inlineSize: `${90 - ((line * 23) % 40)}%` }} />
      ))}
      {slow && (
        <p className={styles.hint}>
          <Trans>This takes longer than usual.</Trans>
        </p>
      )}
    </div>
  );
}

/** There is nothing: what that means, and what to do. */
export function Empty(props: { title: string; children?: ReactNode }) {
  return (
    <div className={styles.card}>
      <h2>{props.title}</h2>
      {props.children}
    </div>
  );
}

/** What was asked for did not come: why, and again. */
export function Failed(props: { error: unknown; again?: () => void }) {
  const { t } = useLingui();
  return (
    <Notice tone="bad" says>
      <p>
        <Why error={props.error} />
      </p>
      {props.again && (
        <button type="button" className={styles.button} onClick={props.again}>
          {t`Try again`}
        </button>
      )}
    </Notice>
  );
}

/** An error in words: the API's own where it told, else what a person can do. */
export function Why({ error }: { error: unknown }) {
  const { i18n } = useLingui();
  if (error instanceof Refused) return error.message;
  if (error instanceof NoAnswer)
    return <Trans>There is no connection to the server. Check your network, then try again.</Trans>;
  if (error instanceof ApiProblem && error.status === 429) {
    if (!error.retryAfter) return <Trans>That was asked for too often. Wait a little, then try again.</Trans>;
    const when = relative(error.retryAfter, i18n.locale, "long");
    return (
      <Trans comment="when: such as “in 5 minutes”">That was asked for too often. Try again {when}.</Trans>
    );
  }
  if (error instanceof ApiProblem && error.status >= 500)
    return <Trans>The server can’t answer at the moment. Try again in a minute.</Trans>;
  if (error instanceof ApiProblem && error.detail) return <span lang="en">{error.detail}</span>;
  return <Trans>Something went wrong on this page. Load it again.</Trans>;
}
