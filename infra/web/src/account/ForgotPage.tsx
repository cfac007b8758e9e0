import { Trans, useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, unwrap } from "../api/client";
import { AskForm, TextLine } from "../ui/forms";
import { Page } from "../ui/page";
import ui from "../ui/ui.module.css";
import { useSpoken } from "./consent";
import { inOwnWords } from "./inOwnWords";
import { LetterSent } from "./Letter";

/** Ask for a letter with a link to set a new password. */
export function ForgotPage() {
  const { t } = useLingui();
  const language = useSpoken();
  const [sentTo, setSentTo] = useState<string>();

  async function ask(fields: FormData) {
    const email = String(fields.get("email")).trim();
    await inOwnWords(unwrap(api.POST("/v1/accounts/reset", { body: { email, language } })), {
      email: t`This is not an email address. One looks like ada@example.com.`,
    });
    setSentTo(email);
  }

  if (sentTo) {
    return (
      <LetterSent title={t`Look into your mail`} email={sentTo} anew={() => setSentTo(undefined)}>
        <p>
          <Trans>
            If <strong>{sentTo}</strong> has an account, we have sent a letter there with a link to set a new
            password. The link works for one hour.
          </Trans>
        </p>
      </LetterSent>
    );
  }
  return (
    <Page title={t`Forgot password`} narrow>
      <p>
        <Trans>
          Enter the email address of your account. You get a letter with a link to set a new password; that
          logs out all your devices.
        </Trans>
      </p>
      <div className={ui.card}>
        <AskForm
          submit={t`Send the letter`}
          ask={ask}
          beside={
            <Link to="/login">
              <Trans>Back to log in</Trans>
            </Link>
          }
        >
          <TextLine label={t`Email address`} name="email" type="email" autoComplete="username" required />
        </AskForm>
      </div>
    </Page>
  );
}
