import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { Button } from "react-aria-components";
import { api, unwrap } from "../api/client";
import { ApiProblem } from "../api/problems";
import { logOut, logOutEverywhere } from "../api/session";
import type { SessionLine } from "../api/types";
import { Failed, Loading, Notice, Why } from "../ui/states";
import { relative } from "../ui/times";
import ui from "../ui/ui.module.css";
import styles from "./account.module.css";
import { namesIn } from "./agent";

const SESSIONS = ["mine", "sessions"];

/** Where one is logged in: one session for each login, with a way to end it. */
export function Devices() {
  const { t } = useLingui();
  const client = useQueryClient();
  const heading = useRef<HTMLHeadingElement>(null);
  const name = useDeviceName();
  const [ending, setEnding] = useState<string>();
  const [ended, setEnded] = useState<string>();
  const [error, setError] = useState<unknown>();
  const sessions = useQuery({
    queryKey: SESSIONS,
    queryFn: async ({ signal }) => (await unwrap(api.GET("/v1/sessions", { signal }))).sessions,
  });

  async function end(what: string, task: () => Promise<unknown>, said?: string) {
    setEnding(what);
    setEnded(undefined);
    setError(undefined);
    try {
      await task();
      setEnded(said);
    } catch (reason) {
      setError(reason);
    } finally {
      setEnding(undefined);
    }
  }

  function endOne(session: SessionLine) {
    if (session.current) return end(session.id, logOut);
    const device = name(session.agent);
    return end(
      session.id,
      async () => {
        await unwrap(api.DELETE("/v1/sessions/{id}", { params: { path: { id: session.id } } })).catch(
          (reason: unknown) => {
            if (!(reason instanceof ApiProblem && reason.status === 404)) throw reason; // it is over already
          },
        );
        client.setQueryData<SessionLine[]>(SESSIONS, (all) => all?.filter(({ id }) => id !== session.id));
        heading.current?.focus(); // the button that had it is gone
      },
      t`Logged out: ${device}.`,
    );
  }

  return (
    <section aria-labelledby="devices" className={ui.card}>
      <h2 id="devices" tabIndex={-1} ref={heading}>
        <Trans>Where you are logged in</Trans>
      </h2>
      {sessions.isPending && <Loading label={t`Loading where you are logged in`} lines={4} />}
      {sessions.error && !sessions.data && (
        <Failed error={sessions.error} again={() => void sessions.refetch()} />
      )}
      {sessions.data && (
        <>
          <ul className={styles.list}>
            {sessions.data.map((session) => (
              <Device
                key={session.id}
                session={session}
                ending={ending === session.id}
                end={() => void endOne(session)}
              />
            ))}
          </ul>
          {ended && (
            <Notice tone="good" says>
              {ended}
            </Notice>
          )}
          {error !== undefined && (
            <Notice tone="bad" says>
              <Why error={error} />
            </Notice>
          )}
          <div className={ui.actions}>
            <Button
              className={`${ui.button} ${ui.danger}`}
              isPending={ending === "all"}
              onPress={() => void end("all", logOutEverywhere)}
            >
              <Trans>Log out everywhere</Trans>
            </Button>
            <span className={ui.hint}>
              <Trans>Here, too.</Trans>
            </span>
          </div>
        </>
      )}
    </section>
  );
}

function Device(props: { session: SessionLine; ending: boolean; end: () => void }) {
  const { t, i18n } = useLingui();
  const { current, agent, client, used_at, logged_in_at } = props.session;
  const device = useDeviceName()(agent);
  const used = relative(Math.min(0, (Date.parse(used_at) - Date.now()) / 1000), i18n.locale, "long");
  const since = i18n.date(logged_in_at, { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" });
  return (
    <li className={styles.device}>
      <div>
        <p>
          <strong>{device}</strong>{" "}
          {current && (
            <span className={ui.badge} data-tone="good">
              <Trans>This device</Trans>
            </span>
          )}
        </p>
        <p className={ui.hint}>
          <Trans comment="used: such as “5 minutes ago”; client: a network address">
            Last used {used} from the address {client}
          </Trans>
        </p>
        <p className={ui.hint}>
          <Trans>Logged in on {since}</Trans>
        </p>
      </div>
      <Button
        className={ui.button}
        aria-label={t`Log out: ${device}`}
        isPending={props.ending}
        onPress={props.end}
      >
        <Trans>Log out</Trans>
      </Button>
    </li>
  );
}

/** A device in words, by what its browser calls itself; as that stands where it says nothing common. */
function useDeviceName(): (agent: string) => string {
  const { t } = useLingui();
  return (agent) => {
    const { browser, system } = namesIn(agent);
    if (browser && system) return t`${browser} on ${system}`;
    return browser ?? system ?? (agent || t`Unknown device`);
  };
}
