import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, unwrap } from "../api/client";
import { Refused } from "../api/problems";
import type { components } from "../api/schema";
import type { KeyLine } from "../api/types";
import { Asking } from "../ui/dialog";
import { AskForm, TextLine, Tick } from "../ui/forms";
import { Page } from "../ui/page";
import { Empty, Failed, Loading, Notice } from "../ui/states";
import ui from "../ui/ui.module.css";
import styles from "./admin.module.css";
import { codesIn } from "./Mandate";
import { Table } from "./Table";

type NewKeyAnswer = components["schemas"]["NewKeyAnswer"];
type Asked = { what: "make" } | { what: "rotate" | "revoke"; key: KeyLine };

const KEY = ["mine", "keys"];
const OVERLAP = 7 * 86_400_000; // as chalicelib/accounts/keys.py has it

/** The keys of machines: made, rotated and revoked here. A key itself is seen once. */
export function KeysPage() {
  const { t, i18n } = useLingui();
  const client = useQueryClient();
  const [asked, setAsked] = useState<Asked>();
  const [made, setMade] = useState<NewKeyAnswer>();
  const keys = useQuery({
    queryKey: KEY,
    queryFn: async ({ signal }) => (await unwrap(api.GET("/v1/keys", { signal }))).keys,
  });
  const close = () => setAsked(undefined);
  const changed = () => client.invalidateQueries({ queryKey: KEY });
  const name = asked && asked.what !== "make" ? asked.key.name : "";
  const until = i18n.date(new Date(Date.now() + OVERLAP), { dateStyle: "full" });

  async function make(fields: FormData) {
    const scopes = (["feeds:aidx", "metrics:read"] as const).filter((scope) => fields.get(scope));
    if (!scopes.length) throw new Refused(t`Tick what the key is for.`);
    const body = {
      name: String(fields.get("name")).trim(),
      scopes,
      airports: codesIn(fields.get("airports")),
    };
    setMade(await unwrap(api.POST("/v1/keys", { body })));
    void changed();
    close();
  }

  async function rotate(id: string) {
    setMade(await unwrap(api.POST("/v1/keys/{id}/rotation", { params: { path: { id } } })));
    void changed();
    close();
  }

  async function revoke(id: string) {
    await unwrap(api.DELETE("/v1/keys/{id}", { params: { path: { id } } }));
    void changed();
    close();
  }

  const back = (
    <button type="button" className={ui.button} onClick={close}>
      <Trans>Back</Trans>
    </button>
  );
  return (
    <Page title={t`Keys`}>
      <p>
        <Trans>With a key, an airport’s system sends its flights, or a monitor reads metrics.</Trans>
      </p>
      {made ? (
        <Shown key={made.id} made={made} done={() => setMade(undefined)} />
      ) : (
        <div className={ui.actions}>
          <button
            type="button"
            className={`${ui.button} ${ui.main}`}
            onClick={() => setAsked({ what: "make" })}
          >
            <Trans>Make a key …</Trans>
          </button>
        </div>
      )}
      {keys.isPending && <Loading lines={4} label={t`Loading keys`} />}
      {keys.error && <Failed error={keys.error} again={() => void keys.refetch()} />}
      {keys.data?.length === 0 && (
        <Empty title={t`There are no keys yet`}>
          <p>
            <Trans>Make one for each system that sends flights, so that each can be revoked by itself.</Trans>
          </p>
        </Empty>
      )}
      {keys.data && keys.data.length > 0 && (
        <Table
          label={t`Keys`}
          heads={[t`Name`, t`State`, t`For`, t`Airports`, t`Made`, t`Change`]}
          rows={keys.data.map((key) => ({
            key: key.id,
            cells: [
              <Link key="name" to="/admin/audit" search={{ about: `key:${key.name}` }} className={styles.to}>
                {key.name}
              </Link>,
              <State key="state" of={key} />,
              key.scopes.join(", "),
              key.airports.join(", "),
              i18n.date(key.made_at, { dateStyle: "medium" }),
              <div key="change" className={ui.actions}>
                {key.state === "good" && (
                  <button
                    type="button"
                    className={ui.button}
                    aria-label={t`Rotate ${key.name}`}
                    onClick={() => setAsked({ what: "rotate", key })}
                  >
                    <Trans>Rotate …</Trans>
                  </button>
                )}
                {(key.state === "good" || key.state === "ending") && (
                  <button
                    type="button"
                    className={`${ui.button} ${ui.danger}`}
                    aria-label={t`Revoke ${key.name}`}
                    onClick={() => setAsked({ what: "revoke", key })}
                  >
                    <Trans>Revoke …</Trans>
                  </button>
                )}
              </div>,
            ],
          }))}
        />
      )}
      <Asking title={t`Make a key`} open={asked?.what === "make"} onClose={close}>
        <AskForm submit={t`Make the key`} ask={make} beside={back}>
          <TextLine
            label={t`Name`}
            name="name"
            hint={t`Small letters, digits and hyphens, such as ewr-aodb. Boards name its feed so.`}
            autoComplete="off"
            maxLength={40}
            required
          />
          <fieldset className={styles.scopes}>
            <legend className={ui.label}>
              <Trans>What it is for</Trans>
            </legend>
            <Tick name="feeds:aidx" value>
              <Trans>Send flights (AIDX)</Trans>
            </Tick>
            <Tick name="metrics:read">
              <Trans>Read metrics</Trans>
            </Tick>
          </fieldset>
          <TextLine
            label={t`Airports it speaks for`}
            name="airports"
            hint={t`Their codes, such as EWR LGA. A key that only reads metrics needs none.`}
            autoComplete="off"
          />
        </AskForm>
      </Asking>
      <Asking title={t`Rotate ${name}?`} open={asked?.what === "rotate"} onClose={close}>
        <p>
          <Trans>
            You get a new key that may do the same. The old one ends on {until}: until then its system has to
            use the new one.
          </Trans>
        </p>
        <AskForm
          submit={t`Rotate`}
          ask={async () => {
            if (asked?.what === "rotate") await rotate(asked.key.id);
          }}
          beside={back}
        >
          {null}
        </AskForm>
      </Asking>
      <Asking title={t`Revoke ${name}?`} open={asked?.what === "revoke"} alert onClose={close}>
        <p>
          <Trans>
            It opens nothing any more, at once and for good. A system that uses it can’t send flights or read
            metrics.
          </Trans>
        </p>
        <AskForm
          submit={t`Revoke`}
          tone="danger"
          ask={async () => {
            if (asked?.what === "revoke") await revoke(asked.key.id);
          }}
          beside={back}
        >
          {null}
        </AskForm>
      </Asking>
    </Page>
  );
}

// Once, when it comes: a function made anew with each render would take the focus again and again.
const focus = (heading: HTMLElement | null) => heading?.focus();

/** A new key, as long as somebody says that they have it. It stands nowhere else. */
function Shown({ made, done }: { made: NewKeyAnswer; done: () => void }) {
  const [copied, setCopied] = useState(false);
  const { name } = made;
  return (
    <Notice tone="good">
      <h2 tabIndex={-1} ref={focus}>
        <Trans>The new key of {name}</Trans>
      </h2>
      <p>
        <Trans>Copy it now and keep it where its system reads it. It is not shown again.</Trans>
      </p>
      <code className={styles.key}>{made.key}</code>
      <div className={`${ui.actions} ${styles.copy}`}>
        <button
          type="button"
          className={`${ui.button} ${ui.main}`}
          onClick={() =>
            void navigator.clipboard.writeText(made.key).then(
              () => setCopied(true),
              () => setCopied(false), // the browser may forbid it: the key can be marked and copied by hand
            )
          }
        >
          <Trans>Copy</Trans>
        </button>
        <button type="button" className={ui.button} onClick={done}>
          <Trans>I have it</Trans>
        </button>
        <span role="status">{copied && <Trans>Copied</Trans>}</span>
      </div>
    </Notice>
  );
}

function State({ of }: { of: KeyLine }) {
  const { i18n } = useLingui();
  const at = of.ends_at
    ? i18n.date(of.ends_at, { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" })
    : "";
  const tone = ({ good: "good", ending: "late", revoked: "bad", ended: "bad" } as const)[of.state];
  return (
    <span className={ui.badge} data-tone={tone}>
      {of.state === "good" && <Trans comment="the state of a key">Good</Trans>}
      {of.state === "ending" && <Trans comment="the state of a key">Ends {at}</Trans>}
      {of.state === "revoked" && <Trans comment="the state of a key">Revoked</Trans>}
      {of.state === "ended" && <Trans comment="the state of a key">Ended {at}</Trans>}
    </span>
  );
}
