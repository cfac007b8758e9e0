import { Trans, useLingui } from "@lingui/react/macro";
import { Navigate, useLocation } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { restore, useSession } from "../api/session";
import type { AccountLine, Role } from "../api/types";
import { Page } from "../ui/page";
import { Failed, Loading } from "../ui/states";

/** What only a person with an account sees, where `roles` are given only in one of them; a guest is led to log in. */
export function SignedIn(props: { roles?: readonly Role[]; children: (account: AccountLine) => ReactNode }) {
  const session = useSession();
  const here = useLocation({ select: ({ href }) => href });
  const { t } = useLingui();
  if (session.state === "unknown") {
    return (
      <Page title={t`Your account`} narrow>
        {session.why === undefined ? (
          <Loading label={t`Seeing whether you are logged in`} />
        ) : (
          <Failed error={session.why} again={restore} />
        )}
      </Page>
    );
  }
  if (session.state === "guest") return <Navigate to="/login" search={{ next: here }} replace />;
  if (props.roles && !props.roles.includes(session.account.role)) {
    return (
      <Page title={t`Not for this account`} narrow>
        <p>
          <Trans>
            You are logged in as {session.account.email}, which may not see this page. Log in with another
            account, or ask an admin of this site for the role.
          </Trans>
        </p>
      </Page>
    );
  }
  return props.children(session.account);
}
