import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { namesIn } from "../account/agent";
import { api, unwrap } from "../api/client";
import { ApiProblem, Refused } from "../api/problems";
import type { components } from "../api/schema";
import { useSession } from "../api/session";
import type { AccountLine } from "../api/types";
import { Asking } from "../ui/dialog";
import { AskForm, TextLine } from "../ui/forms";
import { Page } from "../ui/page";
import { Failed, Loading, Notice, Why } from "../ui/states";
import { relative } from "../ui/times";
import ui from "../ui/ui.module.css";
import styles from "./admin.module.css";
import { ActsFor, MandateFields, mandateOf, ROLES } from "./Mandate";

type ErasedAnswer = components["schemas"]["ErasedAnswer"];

const route = getRouteApi("/admin/people/$id");

/** One account: what it may do, where it is logged in, and the ways to shut it out. */
export function PersonPage() {
  const { id } = route.useParams();
  return <PersonOf key={id} id={id} />;
}

function PersonOf({ id }: { id: string }) {
  const { t, i18n } = useLingui();
  const session = useSession();
  const client = useQueryClient();
  const [erased, setErased] = useState<ErasedAnswer>();
  const [saved, setSaved] = useState(false);
  const person = usePerson(id);
  const { data } = person;

  if (erased) return <Erased answer={erased} email={data?.email ?? id} />;
  if (!data) {
    const none = person.error instanceof ApiProblem && person.error.status === 404;
    return (
      <Page title={none ? t`There is no such account` : t`Account`} narrow>
        {none ? (
          <>
            <p>
              <Trans>
                It was deleted, or there never was one. The audit trail says what was done with it.
              </Trans>
            </p>
            <ToTrail id={id} />
          </>
        ) : person.error ? (
          <Failed error={person.error} again={() => void person.refetch()} />
        ) : (
          <Loading lines={6} label={t`Loading the account`} />
        )}
      </Page>
    );
  }
  const own = session.state === "signed-in" && session.account.id === id;
  const put = (account: AccountLine) => {
    client.setQueryData(["mine", "people", "one", id], account);
    void client.invalidateQueries({ queryKey: ["mine", "people", "list"] });
  };

  return (
    <Page title={data.email}>
      <div className={styles.person}>
        <section className={ui.card} aria-labelledby="who">
          <h2 id="who">
            <Trans>Account</Trans>
          </h2>
          <p className={styles.badges}>
            <span className={ui.badge}>{i18n._(ROLES[data.role])}</span>
            {data.disabled && (
              <span className={ui.badge} data-tone="bad">
                <Trans>Disabled</Trans>
              </span>
            )}
            <ActsFor of={data} />
          </p>
          <p className={ui.hint}>
            <Trans>Since {i18n.date(data.created_at, { dateStyle: "medium" })}</Trans>
          </p>
          <ToTrail id={id} />
        </section>
        {own ? (
          <Notice>
            <p>
              <Trans>
                This account is your own. Another admin can change what it may do; all else is on your
                account’s page.
              </Trans>
            </p>
            <Link to="/profile">
              <Trans>Your account</Trans>
            </Link>
          </Notice>
        ) : (
          <>
            <section className={ui.card} aria-labelledby="may">
              <h2 id="may">
                <Trans>What it may do</Trans>
              </h2>
              <AskForm
                key={`${data.role} ${data.airlines} ${data.airports}`}
                submit={t`Save`}
                ask={async (fields) => {
                  const { role, airlines, airports } = mandateOf(fields);
                  const body = role === "operator" ? { role, airlines, airports } : { role };
                  setSaved(false);
                  put(await unwrap(api.PATCH("/v1/people/{id}", { params: { path: { id } }, body })));
                  setSaved(true);
                }}
              >
                <MandateFields now={data} />
                <p className={ui.hint}>
                  <Trans>It holds at once, also where they are logged in.</Trans>
                </p>
              </AskForm>
              {saved && (
                <Notice tone="good" says>
                  <Trans>Saved. It holds from now on.</Trans>
                </Notice>
              )}
            </section>
            <Sessions id={id} />
            <Disabling person={data} put={put} />
            <Deleting
              person={data}
              onErased={(answer) => {
                setErased(answer);
                void client.invalidateQueries({ queryKey: ["mine", "people", "list"] });
              }}
            />
          </>
        )}
      </div>
    </Page>
  );
}

/** An account by its id. */
export function usePerson(id: string) {
  return useQuery({
    queryKey: ["mine", "people", "one", id],
    queryFn: async ({ signal }) =>
      await unwrap(api.GET("/v1/people/{id}", { params: { path: { id } }, signal })),
  });
}

function ToTrail({ id }: { id: string }) {
  return (
    <p>
      <Link to="/admin/audit" search={{ about: id }}>
        <Trans>What was done with it</Trans>
      </Link>{" "}
      ·{" "}
      <Link to="/admin/audit" search={{ by: id }}>
        <Trans>What they did today</Trans>
      </Link>
    </p>
  );
}

function Sessions({ id }: { id: string }) {
  const { t, i18n } = useLingui();
  const client = useQueryClient();
  const [ending, setEnding] = useState(false);
  const [error, setError] = useState<unknown>();
  const key = ["mine", "people", "sessions", id];
  const sessions = useQuery({
    queryKey: key,
    queryFn: async ({ signal }) =>
      (await unwrap(api.GET("/v1/people/{id}/sessions", { params: { path: { id } }, signal }))).sessions,
  });

  async function endAll() {
    setEnding(true);
    setError(undefined);
    try {
      await unwrap(api.DELETE("/v1/people/{id}/sessions", { params: { path: { id } } }));
      client.setQueryData(key, []);
    } catch (reason) {
      setError(reason);
    } finally {
      setEnding(false);
    }
  }

  return (
    <section className={ui.card} aria-labelledby="sessions">
      <h2 id="sessions" tabIndex={-1}>
        <Trans>Where they are logged in</Trans>
      </h2>
      {sessions.isPending && <Loading lines={2} label={t`Loading sessions`} />}
      {sessions.error && <Failed error={sessions.error} again={() => void sessions.refetch()} />}
      {sessions.data?.length === 0 && (
        <p role="status">
          <Trans>Nowhere at the moment.</Trans>
        </p>
      )}
      {sessions.data && sessions.data.length > 0 && (
        <>
          <ul className={styles.list}>
            {sessions.data.map((session) => {
              const { browser, system } = namesIn(session.agent);
              const device =
                [browser, system].filter(Boolean).join(" · ") || session.agent || t`Unknown device`;
              const used = relative(
                Math.min(0, (Date.parse(session.used_at) - Date.now()) / 1000),
                i18n.locale,
              );
              return (
                <li key={session.id}>
                  <strong>{device}</strong>
                  <p className={ui.hint}>
                    <Trans>
                      Last used {used} from the address {session.client}
                    </Trans>
                  </p>
                </li>
              );
            })}
          </ul>
          {error !== undefined && (
            <Notice tone="bad" says>
              <Why error={error} />
            </Notice>
          )}
          <div className={ui.actions}>
            <button type="button" className={ui.button} aria-disabled={ending} onClick={() => void endAll()}>
              <Trans>Log them out everywhere</Trans>
            </button>
          </div>
        </>
      )}
    </section>
  );
}

function Disabling({ person, put }: { person: AccountLine; put: (account: AccountLine) => void }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const { id, email, disabled } = person;
  const set = async (disabled: boolean) => {
    put(await unwrap(api.PATCH("/v1/people/{id}", { params: { path: { id } }, body: { disabled } })));
    void client.invalidateQueries({ queryKey: ["mine", "people", "sessions", id] });
    setAsking(false);
  };
  return (
    <section className={ui.card} aria-labelledby="disable">
      <h2 id="disable">
        {disabled ? <Trans>Enable the account</Trans> : <Trans>Disable the account</Trans>}
      </h2>
      <p>
        {disabled ? (
          <Trans>They can’t log in. What they follow and what the account may do is kept.</Trans>
        ) : (
          <Trans>
            They are logged out everywhere and can’t log in until it is enabled again. Nothing is deleted.
          </Trans>
        )}
      </p>
      {disabled ? (
        <AskForm submit={t`Enable`} ask={() => set(false)}>
          {null}
        </AskForm>
      ) : (
        <div className={ui.actions}>
          <button type="button" className={`${ui.button} ${ui.danger}`} onClick={() => setAsking(true)}>
            <Trans>Disable …</Trans>
          </button>
        </div>
      )}
      <Asking title={t`Disable ${email}?`} open={asking} alert onClose={() => setAsking(false)}>
        <p>
          <Trans>It holds at once: they are logged out everywhere.</Trans>
        </p>
        <AskForm
          submit={t`Disable`}
          tone="danger"
          ask={() => set(true)}
          beside={<Back to={() => setAsking(false)} />}
        >
          {null}
        </AskForm>
      </Asking>
    </section>
  );
}

function Deleting(props: { person: AccountLine; onErased: (answer: ErasedAnswer) => void }) {
  const { t } = useLingui();
  const [asking, setAsking] = useState(false);
  const { id, email } = props.person;

  async function erase(fields: FormData) {
    if (String(fields.get("confirm")).trim().toLowerCase() !== email.toLowerCase()) {
      throw new Refused("", { confirm: t`This is not ${email}.` });
    }
    props.onErased(await unwrap(api.DELETE("/v1/people/{id}", { params: { path: { id } } })));
  }

  return (
    <section className={ui.card} aria-labelledby="delete">
      <h2 id="delete">
        <Trans>Delete the account</Trans>
      </h2>
      <p>
        <Trans>The account and what is held on the person is erased. That can’t be undone.</Trans>
      </p>
      <div className={ui.actions}>
        <button type="button" className={`${ui.button} ${ui.danger}`} onClick={() => setAsking(true)}>
          <Trans>Delete …</Trans>
        </button>
      </div>
      <Asking title={t`Delete ${email}?`} open={asking} alert onClose={() => setAsking(false)}>
        <p>
          <Trans>
            Their address, password, sessions and all they follow are erased. A letter tells them. That can’t
            be undone.
          </Trans>
        </p>
        <AskForm
          submit={t`Delete account`}
          tone="danger"
          ask={erase}
          beside={<Back to={() => setAsking(false)} />}
        >
          <TextLine label={t`Type ${email} to confirm`} name="confirm" autoComplete="off" required />
        </AskForm>
      </Asking>
    </section>
  );
}

function Back({ to }: { to: () => void }) {
  return (
    <button type="button" className={ui.button} onClick={to}>
      <Trans>Back</Trans>
    </button>
  );
}

// Once, when it comes: a function made anew with each render would take the focus again and again.
const focus = (heading: HTMLElement | null) => heading?.focus();

/** What became of somebody's data, as the API tells it. */
function Erased({ answer, email }: { answer: ErasedAnswer; email: string }) {
  const { t } = useLingui();
  const title = t`${email} is deleted`;
  return (
    <Page
      title={title}
      narrow
      heading={
        <h1 tabIndex={-1} ref={focus}>
          {title}
        </h1>
      }
    >
      <section className={ui.card} aria-labelledby="erased">
        <h2 id="erased">
          <Trans>Erased</Trans>
        </h2>
        <p lang="en">{answer.erased.join(", ") || "—"}</p>
        {answer.continues.length > 0 && (
          <p>
            <Trans>
              Being finished within minutes: <span lang="en">{answer.continues.join(", ")}</span>
            </Trans>
          </p>
        )}
      </section>
      <section className={ui.card} aria-labelledby="kept">
        <h2 id="kept">
          <Trans>What stays, and why</Trans>
        </h2>
        <ul className={styles.list} lang="en">
          {answer.kept.map(({ what, why, until }) => (
            <li key={what}>
              <strong>{what}</strong>
              <p className={ui.hint}>{why}</p>
              <p className={ui.hint}>{until}</p>
            </li>
          ))}
        </ul>
      </section>
      <p>
        <Link to="/admin/people">
          <Trans>All people</Trans>
        </Link>
      </p>
    </Page>
  );
}
