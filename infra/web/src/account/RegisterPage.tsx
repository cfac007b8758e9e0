import { Trans, useLingui } from "@lingui/react/macro";
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, unwrap } from "../api/client";
import { AskForm, TextLine, Tick } from "../ui/forms";
import { Page } from "../ui/page";
import { Failed, Loading } from "../ui/states";
import ui from "../ui/ui.module.css";
import { useConsent, useSpoken, Wording } from "./consent";
import { inOwnWords } from "./inOwnWords";
import { LetterSent } from "./Letter";

/** Ask for an account: a letter leads on to where its password is set. */
export function RegisterPage() {
  const { t } = useLingui();
  const client = useQueryClient();
  const language = useSpoken();
  const consent = useConsent();
  const [sentTo, setSentTo] = useState<string>();

  async function register(fields: FormData, version: string) {
    const email = String(fields.get("email")).trim();
    const asked = unwrap(api.POST("/v1/accounts", { body: { email, consent: version, language } }));
    const words = {
      email: t`This is not an email address. One looks like ada@example.com.`,
      consent: t`What you agree to has changed meanwhile. Read it once more, then tick this again.`,
    };
    await inOwnWords(asked, words).catch((error: unknown) => {
      void client.invalidateQueries({ queryKey: ["consent"] });
      throw error;
    });
    setSentTo(email);
  }

  if (sentTo) {
    return (
      <LetterSent title={t`A letter is on its way`} email={sentTo} anew={() => setSentTo(undefined)}>
        <p>
          <Trans>
            We have sent a letter to <strong>{sentTo}</strong>. Set a password by the link in it, and the
            account is yours. The link works for 24 hours.
          </Trans>
        </p>
      </LetterSent>
    );
  }
  return (
    <Page title={t`Create an account`} narrow>
      <p>
        <Trans>
          With an account you see the flights you follow on all your devices. You can follow flights without
          one, too.
        </Trans>
      </p>
      <div className={ui.card}>
        {consent.isPending && <Loading label={t`Loading what you agree to`} lines={6} />}
        {!consent.data && consent.error && (
          <Failed error={consent.error} again={() => void consent.refetch()} />
        )}
        {consent.data && (
          <AskForm
            submit={t`Create an account`}
            ask={(fields) => register(fields, consent.data.version)}
            beside={
              <Link to="/login">
                <Trans>I have an account</Trans>
              </Link>
            }
          >
            <TextLine
              label={t`Email address`}
              name="email"
              type="email"
              autoComplete="username"
              required
              hint={t`A letter goes there, with a link to set your password.`}
            />
            <section aria-labelledby="consent" className={ui.form}>
              <h2 id="consent">
                <Trans>What you agree to</Trans>
              </h2>
              <Wording text={consent.data.text} />
            </section>
            <Tick name="consent" required>
              <Trans>I have read this and agree.</Trans>
            </Tick>
          </AskForm>
        )}
      </div>
    </Page>
  );
}
