import { Trans, useLingui } from "@lingui/react/macro";
import { keepPreviousData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useDeferredValue, useState } from "react";
import { api, unwrap } from "../api/client";
import type { Role } from "../api/types";
import { isLanguage, LANGUAGES } from "../shell/language";
import { Asking } from "../ui/dialog";
import { AskForm, SelectOne, TextLine } from "../ui/forms";
import { Page } from "../ui/page";
import { Empty, Failed, Loading, Notice } from "../ui/states";
import ui from "../ui/ui.module.css";
import styles from "./admin.module.css";
import { ActsFor, MandateFields, mandateOf, ROLES } from "./Mandate";
import { More } from "./More";
import { Table } from "./Table";

/** Who has an account: found by role and address, invited, and led to from here. */
export function PeoplePage() {
  const { t, i18n } = useLingui();
  const [role, setRole] = useState<Role>();
  const [email, setEmail] = useState("");
  const [inviting, setInviting] = useState(false);
  const [invited, setInvited] = useState<string>();
  const asked = useDeferredValue(email.trim());
  const people = useInfiniteQuery({
    queryKey: ["mine", "people", "list", role, asked],
    queryFn: async ({ pageParam, signal }) => {
      const query = { limit: 50, role, email: asked || undefined, cursor: pageParam };
      return await unwrap(api.GET("/v1/people", { params: { query }, signal }));
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.cursor ?? undefined,
    placeholderData: keepPreviousData,
  });
  const found = people.data?.pages.flatMap((page) => page.people) ?? [];

  return (
    <Page title={t`People`}>
      <div className={styles.tools}>
        <label className={ui.field}>
          <span className={ui.label}>{t`Role`}</span>
          <select
            className={ui.input}
            value={role ?? ""}
            onChange={({ currentTarget: { value } }) =>
              setRole(value === "passenger" || value === "operator" || value === "admin" ? value : undefined)
            }
          >
            <option value="">{t`All roles`}</option>
            {(["passenger", "operator", "admin"] as const).map((id) => (
              <option key={id} value={id}>
                {i18n._(ROLES[id])}
              </option>
            ))}
          </select>
        </label>
        <label className={`${ui.field} ${styles.grows}`}>
          <span className={ui.label}>{t`Address begins with`}</span>
          <input
            className={ui.input}
            type="search"
            inputMode="email"
            autoCapitalize="none"
            autoComplete="off"
            spellCheck="false"
            value={email}
            onChange={({ currentTarget: { value } }) => setEmail(value)}
          />
        </label>
        <button type="button" className={`${ui.button} ${ui.main}`} onClick={() => setInviting(true)}>
          <Trans>Invite somebody …</Trans>
        </button>
      </div>
      {invited && (
        <Notice tone="good" says>
          <p>
            <Trans>A letter went to {invited}. Its link holds for 7 days.</Trans>
          </p>
          <Link to="/admin/invitations">
            <Trans>See the invitations</Trans>
          </Link>
        </Notice>
      )}
      {people.isPending && <Loading lines={6} label={t`Loading people`} />}
      {people.error && <Failed error={people.error} again={() => void people.refetch()} />}
      {people.data && !found.length && !people.hasNextPage && (
        <Empty title={t`Nobody is found`}>
          <p>
            {asked || role ? (
              <Trans>
                No account is like that. Addresses are found by how they begin, such as ada or
                ada@example.com.
              </Trans>
            ) : (
              <Trans>Nobody has an account yet. Invite somebody.</Trans>
            )}
          </p>
        </Empty>
      )}
      {found.length > 0 && (
        <Table
          label={t`People`}
          heads={[t`Address`, t`Role`, t`Acts for`, t`Since`]}
          rows={found.map((person) => ({
            key: person.id,
            cells: [
              <Link key="link" to="/admin/people/$id" params={{ id: person.id }} className={styles.to}>
                {person.email}
              </Link>,
              <span key="role" className={styles.badges}>
                <span className={ui.badge}>{i18n._(ROLES[person.role])}</span>
                {person.disabled && (
                  <span className={ui.badge} data-tone="bad">
                    <Trans>Disabled</Trans>
                  </span>
                )}
              </span>,
              <ActsFor key="acts" of={person} />,
              i18n.date(person.created_at, { dateStyle: "medium" }),
            ],
          }))}
        />
      )}
      <More of={people} />
      <Asking title={t`Invite somebody`} open={inviting} onClose={() => setInviting(false)}>
        <Invite
          done={(email) => {
            setInviting(false);
            setInvited(email);
          }}
          back={() => setInviting(false)}
        />
      </Asking>
    </Page>
  );
}

function Invite({ done, back }: { done: (email: string) => void; back: () => void }) {
  const { t, i18n } = useLingui();
  const client = useQueryClient();
  const languages = Object.entries(LANGUAGES).map(([id, label]) => ({ id, label }));

  async function invite(fields: FormData) {
    const language = fields.get("language");
    const body = {
      email: String(fields.get("email")).trim(),
      ...mandateOf(fields),
      language: isLanguage(language) ? language : ("en" as const),
    };
    await unwrap(api.POST("/v1/people", { body }));
    void client.invalidateQueries({ queryKey: ["mine", "invitations"] });
    done(body.email);
  }

  return (
    <AskForm
      submit={t`Send the invitation`}
      ask={invite}
      beside={
        <button type="button" className={ui.button} onClick={back}>
          <Trans>Back</Trans>
        </button>
      }
    >
      <TextLine label={t`Email address`} name="email" type="email" autoComplete="off" required />
      <MandateFields />
      <SelectOne label={t`Language of the letter`} name="language" options={languages} value={i18n.locale} />
    </AskForm>
  );
}
