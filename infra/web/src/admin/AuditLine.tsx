import { Trans, useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { EventLine } from "../api/types";
import styles from "./admin.module.css";
import { usePerson } from "./PersonPage";

/** Somebody with an account, by their address; by its id where it is gone. */
export function Who({ id }: { id: string }) {
  const { data } = usePerson(id);
  return (
    <Link to="/admin/people/$id" params={{ id }} className={styles.who}>
      {data?.email ?? id.slice(0, 8)}
    </Link>
  );
}

/** A line of the audit trail as a sentence (chalicelib/accounts: each `Event`); as it is where there is none for it. */
export function Sentence({ event }: { event: EventLine }) {
  const { t } = useLingui();
  const { what, by, about, detail } = event;
  const who: ReactNode = by ? <Who id={by} /> : event.client === "terminal" ? t`The terminal` : t`Somebody`;
  const whom: ReactNode = <About of={about} />;
  switch (what) {
    case "registered":
      return detail.invitation ? (
        <Trans>{who} has an account now, by an invitation.</Trans>
      ) : (
        <Trans>{who} has an account now.</Trans>
      );
    case "invited":
      return (
        <Trans>
          {who} invited somebody: {words(detail)}.
        </Trans>
      );
    case "invitation-withdrawn":
      return <Trans>{who} withdrew an invitation.</Trans>;
    case "role-changed":
      return detail.invitation ? (
        <Trans>
          {who} took a role by an invitation: {detail.role}.
        </Trans>
      ) : (
        <Trans>
          {who} changed what {whom} may do: {words(detail)}.
        </Trans>
      );
    case "disabled":
      return (
        <Trans>
          {who} disabled the account of {whom}.
        </Trans>
      );
    case "enabled":
      return (
        <Trans>
          {who} enabled the account of {whom}.
        </Trans>
      );
    case "deleted":
      return by === about ? (
        <Trans>{who} deleted their own account.</Trans>
      ) : (
        <Trans>
          {who} deleted the account {whom}.
        </Trans>
      );
    case "logged-in":
      return <Trans>{who} logged in.</Trans>;
    case "login-failed":
      return about === "nobody" ? (
        <Trans>Somebody tried to log in with an address that has no account.</Trans>
      ) : (
        <Trans>Somebody tried to log in as {whom} and failed.</Trans>
      );
    case "logged-out":
      return <Trans>{who} logged out.</Trans>;
    case "logged-out-everywhere":
      return by === about ? (
        <Trans>{who} logged out everywhere.</Trans>
      ) : (
        <Trans>
          {who} logged {whom} out everywhere.
        </Trans>
      );
    case "session-ended":
      return detail.why === "most" ? (
        <Trans>A session of {whom} ended, as they have too many.</Trans>
      ) : (
        <Trans>{who} ended a session of their own.</Trans>
      );
    case "refresh-replayed":
      return <Trans>A used refresh token of {whom} came back: somebody had a copy. The session ended.</Trans>;
    case "password-changed":
      return <Trans>{who} changed their password.</Trans>;
    case "password-reset":
      return <Trans>{who} set a new password by a letter’s link.</Trans>;
    case "email-change-asked":
      return <Trans>{who} asked to have another address.</Trans>;
    case "email-changed":
      return <Trans>{who} has another address now.</Trans>;
    case "consented":
      return (
        <Trans>
          {who} agreed to the wording {detail.wording}.
        </Trans>
      );
    case "exported":
      return <Trans>{who} exported what is held on them.</Trans>;
    case "key-made":
      return (
        <Trans>
          {who} made {whom}.
        </Trans>
      );
    case "key-rotated":
      return (
        <Trans>
          {who} rotated {whom}.
        </Trans>
      );
    case "key-revoked":
      return (
        <Trans>
          {who} revoked {whom}.
        </Trans>
      );
    case "flight-updated":
    case "flight-configured":
    case "booking-changed":
      return (
        <Trans>
          {who} changed {whom}: {words(detail)}.
        </Trans>
      );
    default:
      return (
        <span lang="en">
          {who} · {what} · {whom} {words(detail)}
        </span>
      );
  }
}

/** What a line is about, led to where that is shown. */
function About({ of }: { of: string }) {
  const { t } = useLingui();
  const [kind, name = ""] = of.split(/:(.*)/s);
  if (kind === "flight") {
    return (
      <Link to="/flights/$id" params={{ id: name }}>
        {name}
      </Link>
    );
  }
  if (kind === "booking") {
    return <Link to="/bookings/$pnr" params={{ pnr: name }}>{t`the booking ${name}`}</Link>;
  }
  if (kind === "key") return <Link to="/admin/keys">{t`the key ${name}`}</Link>;
  if (kind === "invitation") return t`an invitation`;
  return of === "nobody" ? t`nobody` : <Who id={of} />;
}

/** The details as they stand in the trail: field names and values of the API, in no language. */
function words(detail: EventLine["detail"]): ReactNode {
  return (
    <code className={styles.detail}>
      {Object.entries(detail)
        .map(([name, value]) => `${name} ${value}`)
        .join(", ")}
    </code>
  );
}
