import { Trans, useLingui } from "@lingui/react/macro";
import { useRouter } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";
import { restore, useSession } from "../api/session";
import type { AccountLine, Role } from "../api/types";
import { Page } from "../ui/page";
import { Failed, Loading } from "../ui/states";

/** What only a person with an account sees, where `roles` are given only in one of them; a guest is led to log in. */
export function SignedIn(props: { roles?: readonly Role[]; children: (account: AccountLine) => ReactNode }) {
  const session = useSession();
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
  if (session.state === "guest") return <ToLogIn />;
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

/** Leads to the log-in, which leads back. Once: on its way there the page is still shown, under the other address. */
function ToLogIn() {
  const router = useRouter();
  useEffect(() => {
    const timer = setTimeout(() => {
      void router.navigate({ to: "/login", search: { next: router.state.location.href }, replace: true });
    });
    return () => clearTimeout(timer);
  }, [router]);
  return null;
}
