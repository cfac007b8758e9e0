import { Trans, useLingui } from "@lingui/react/macro";
import { getRouteApi, Link, useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { ApiProblem, Refused } from "../api/problems";
import { logIn, useSession } from "../api/session";
import { AskForm, TextLine } from "../ui/forms";
import { Page } from "../ui/page";
import { Loading, Notice } from "../ui/states";
import ui from "../ui/ui.module.css";
import { inOwnWords } from "./inOwnWords";
import { PasswordLine } from "./PasswordLine";

const route = getRouteApi("/login");

/** Log in; who is logged in, also from another tab, goes on to where they wanted to be. */
export function LogInPage() {
  const { t } = useLingui();
  const { next = "/" } = route.useSearch();
  const { history } = useRouter();
  const session = useSession();
  const known = session.state === "signed-in";

  useEffect(() => {
    if (known) history.replace(next);
  }, [known, next, history]);

  async function ask(fields: FormData) {
    const [email, password] = [String(fields.get("email")).trim(), String(fields.get("password"))];
    const words = { email: t`This is not an email address. One looks like ada@example.com.` };
    await inOwnWords(logIn(email, password), words).catch((error: unknown) => {
      if (!(error instanceof ApiProblem && error.status === 401)) throw error;
      throw new Refused(
        t`The address or the password is wrong, or the account is disabled. Check both; if you forgot the password, you can set a new one.`,
      );
    });
  }

  if (known || (session.state === "unknown" && !session.why)) {
    return (
      <Page title={t`Log in`} narrow>
        <Loading label={t`Seeing whether you are logged in`} />
      </Page>
    );
  }
  return (
    <Page title={t`Log in`} narrow>
      {session.state === "guest" && session.over && (
        <Notice tone="late" says>
          <Trans>
            You were logged out. That happens when you log out everywhere, set a new password or do not come
            by for a long time. Log in to go on.
          </Trans>
        </Notice>
      )}
      <div className={ui.card}>
        <AskForm submit={t`Log in`} ask={ask}>
          <TextLine label={t`Email address`} name="email" type="email" autoComplete="username" required />
          <PasswordLine label={t`Password`} name="password" />
          <p>
            <Link to="/forgot">
              <Trans>Forgot password</Trans>
            </Link>
          </p>
        </AskForm>
      </div>
      <p>
        <Trans>
          No account yet? <Link to="/register">Create an account</Link>
        </Trans>
      </p>
    </Page>
  );
}
