import { msg } from "@lingui/core/macro";
import { Trans, useLingui } from "@lingui/react/macro";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Button } from "react-aria-components";
import { api, unwrap } from "../api/client";
import { ApiProblem, Refused } from "../api/problems";
import { accountIs } from "../api/session";
import type { AccountLine, MeAnswer } from "../api/types";
import { isLanguage, LANGUAGES, type Language } from "../shell/language";
import { SignedIn } from "../shell/SignedIn";
import { Asking } from "../ui/dialog";
import { AskForm, SelectOne, TextLine } from "../ui/forms";
import { Page } from "../ui/page";
import { Failed, Loading, Notice, Why } from "../ui/states";
import ui from "../ui/ui.module.css";
import styles from "./account.module.css";
import { useConsent, Wording } from "./consent";
import { Deleting, Erased, type ErasedAnswer } from "./Deleting";
import { Devices } from "./Devices";
import { Export } from "./Export";
import { inOwnWords } from "./inOwnWords";
import { PasswordLine } from "./PasswordLine";

const ME = ["mine", "me"];
const ROLES = {
  passenger: msg`Passenger: you follow flights`,
  operator: msg`Operator: you report what happens to flights`,
  admin: msg`Administrator: you manage people and keys`,
} as const;

/** One's own account: who one is, how one logs in and where, what is held on one, and how to delete it. */
export function ProfilePage() {
  const [erased, setErased] = useState<ErasedAnswer>();
  if (erased) return <Erased answer={erased} />;
  return <SignedIn>{(account) => <Profile account={account} onErased={setErased} />}</SignedIn>;
}

function Profile(props: { account: AccountLine; onErased: (answer: ErasedAnswer) => void }) {
  const { t } = useLingui();
  const { account } = props;
  const me = useQuery({
    queryKey: ME,
    queryFn: async ({ signal }) => {
      const answer = await unwrap(api.GET("/v1/accounts/me", { signal }));
      accountIs(answer); // the address may have been confirmed meanwhile, the role be another
      return answer;
    },
  });
  return (
    <Page title={t`Your account`} narrow>
      {me.data && !me.data.consent?.holds && <NewWording agreed={Boolean(me.data.consent)} />}
      <Who account={account} />
      <Letters account={account} />
      <Devices />
      <section aria-labelledby="agreed" className={ui.card}>
        <h2 id="agreed">
          <Trans>What you agreed to</Trans>
        </h2>
        {me.isPending && <Loading label={t`Loading what you agreed to`} lines={2} />}
        {me.error && !me.data && <Failed error={me.error} again={() => void me.refetch()} />}
        {me.data && <Agreed me={me.data} />}
      </section>
      <Export />
      <Deleting account={account} onErased={props.onErased} />
    </Page>
  );
}

/** Who one is, and by which address and password one logs in. */
function Who({ account }: { account: AccountLine }) {
  const { t, i18n } = useLingui();
  const [asking, setAsking] = useState<"email" | "password">();
  const [done, setDone] = useState<string>();
  const close = () => setAsking(undefined);

  async function changePassword(fields: FormData) {
    const body = {
      current_password: String(fields.get("current_password")),
      password: String(fields.get("password")),
    };
    await inOwnWords(unwrap(api.POST("/v1/accounts/me/password", { body })), {
      current_password: t`This is not the password of your account.`,
      password: t`This can’t be taken. It needs 12 to 200 characters, and must not be common, easy to guess or like your email address.`,
    });
    setDone(t`Your password is changed. All your other devices are logged out.`);
    close();
  }

  async function changeEmail(fields: FormData) {
    const email = String(fields.get("email")).trim();
    if (email.toLowerCase() === account.email.toLowerCase()) {
      throw new Refused("", { email: t`This is your address already.` });
    }
    const body = { current_password: String(fields.get("current_password")), email };
    await inOwnWords(unwrap(api.POST("/v1/accounts/me/email", { body })), {
      current_password: t`This is not the password of your account.`,
    });
    setDone(
      t`We have sent a letter to ${email}. Open the link in it within 24 hours and enter your password: from then on it is your address.`,
    );
    close();
  }

  return (
    <section aria-labelledby="who" className={ui.card}>
      <h2 id="who">
        <Trans>Who you are</Trans>
      </h2>
      <dl className={styles.facts}>
        <dt>
          <Trans>Email address</Trans>
        </dt>
        <dd>{account.email}</dd>
        <dt>
          <Trans>Role</Trans>
        </dt>
        <dd>{i18n._(ROLES[account.role])}</dd>
        {account.airlines.length > 0 && (
          <>
            <dt>
              <Trans>For the airlines</Trans>
            </dt>
            <dd>{account.airlines.join(", ")}</dd>
          </>
        )}
        {account.airports.length > 0 && (
          <>
            <dt>
              <Trans>For the airports</Trans>
            </dt>
            <dd>{account.airports.join(", ")}</dd>
          </>
        )}
        <dt>
          <Trans>Account since</Trans>
        </dt>
        <dd>{i18n.date(account.created_at, { dateStyle: "long" })}</dd>
      </dl>
      {done && (
        <Notice tone="good" says>
          {done}
        </Notice>
      )}
      <div className={ui.actions}>
        <Button className={ui.button} onPress={() => setAsking("email")}>
          <Trans>Change email address …</Trans>
        </Button>
        <Button className={ui.button} onPress={() => setAsking("password")}>
          <Trans>Change password …</Trans>
        </Button>
      </div>
      <Asking title={t`Change email address`} open={asking === "email"} onClose={close}>
        <p>
          <Trans>
            A letter goes to the new address, and one that tells of it to {account.email}. Nothing changes
            before you open the link in the new one.
          </Trans>
        </p>
        <AskForm submit={t`Send the letter`} ask={changeEmail} beside={<Cancel close={close} />}>
          <Username account={account} />
          <TextLine label={t`New email address`} name="email" type="email" autoComplete="email" required />
          <PasswordLine label={t`Password`} name="current_password" />
        </AskForm>
      </Asking>
      <Asking title={t`Change password`} open={asking === "password"} onClose={close}>
        <p>
          <Trans>
            All your other devices are logged out by this. A letter tells you that it was changed.
          </Trans>
        </p>
        <AskForm submit={t`Change password`} ask={changePassword} beside={<Cancel close={close} />}>
          <Username account={account} />
          <PasswordLine label={t`Current password`} name="current_password" />
          <PasswordLine label={t`New password`} name="password" fresh />
        </AskForm>
      </Asking>
    </section>
  );
}

function Cancel({ close }: { close: () => void }) {
  return (
    <Button className={ui.button} onPress={close}>
      <Trans>Cancel</Trans>
    </Button>
  );
}

/** Whose password it is, for password managers. */
function Username({ account }: { account: AccountLine }) {
  return <input type="text" name="username" autoComplete="username" value={account.email} readOnly hidden />;
}

function Letters({ account }: { account: AccountLine }) {
  const { t } = useLingui();
  const options = Object.entries(LANGUAGES).flatMap(([id, label]) => (isLanguage(id) ? [{ id, label }] : []));
  const save = useMutation({
    mutationFn: (language: Language) => unwrap(api.PATCH("/v1/accounts/me", { body: { language } })),
    onSuccess: accountIs,
  });
  return (
    <section aria-labelledby="letters" className={ui.card}>
      <h2 id="letters">
        <Trans>Letters</Trans>
      </h2>
      <SelectOne
        key={save.failureCount} // what was not saved is not shown as chosen
        label={t`Language of letters about your account`}
        name="language"
        options={options}
        value={isLanguage(account.language) ? account.language : "en"}
        onChange={save.mutate}
      />
      <p className={ui.hint} role="status">
        {save.isPending && <Trans>Saving …</Trans>}
        {save.isSuccess && <Trans>Saved. The next letter comes in this language.</Trans>}
      </p>
      {save.error && (
        <Notice tone="bad" says>
          <Why error={save.error} />
        </Notice>
      )}
    </section>
  );
}

function Agreed({ me }: { me: MeAnswer }) {
  const { i18n } = useLingui();
  const consent = useConsent({ needed: me.consent?.holds === true });
  if (!me.consent) {
    return (
      <p>
        <Trans>Nothing yet.</Trans>
      </p>
    );
  }
  const at = i18n.date(me.consent.at, { dateStyle: "long" });
  return (
    <div className={styles.wording}>
      <p>
        <Trans>
          You agreed on {at} to the wording of {me.consent.version}.
        </Trans>
      </p>
      {consent.data && (
        <details>
          <summary>
            <Trans>Read it</Trans>
          </summary>
          <Wording text={consent.data.text} />
        </details>
      )}
    </div>
  );
}

/** The wording is another than what was agreed to. */
function NewWording({ agreed }: { agreed: boolean }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const consent = useConsent();

  async function agree() {
    if (!consent.data) return;
    const body = { consent: consent.data.version, language: consent.data.language };
    await unwrap(api.POST("/v1/accounts/me/consents", { body })).catch(async (error: unknown) => {
      await client.invalidateQueries({ queryKey: ["consent"] });
      if (!(error instanceof ApiProblem && error.status === 400)) throw error;
      throw new Refused(t`It has changed meanwhile. Read it once more, then agree.`);
    });
    await client.invalidateQueries({ queryKey: ME });
  }

  return (
    <section aria-labelledby="wording" className={ui.card}>
      <h2 id="wording">
        {agreed ? (
          <Trans>What you agree to has changed</Trans>
        ) : (
          <Trans>Agree to how your data is kept</Trans>
        )}
      </h2>
      {consent.isPending && <Loading label={t`Loading what you agree to`} lines={6} />}
      {consent.error && !consent.data && (
        <Failed error={consent.error} again={() => void consent.refetch()} />
      )}
      {consent.data && (
        <>
          <Wording text={consent.data.text} />
          <AskForm submit={t`I agree`} ask={agree}>
            {null}
          </AskForm>
          <p className={ui.hint}>
            <Trans>If you do not agree, you can delete your account below.</Trans>
          </p>
        </>
      )}
    </section>
  );
}
