import { Trans, useLingui } from "@lingui/react/macro";
import { sentence } from "../flight/timeline";
import { useConnection } from "../live/connection";
import type { Flight } from "../live/merge";
import ui from "../ui/ui.module.css";
import styles from "./operate.module.css";
import { type Outgoing, type Telling, telling } from "./outgoing";

/** What was sent from here, the last first: saved, on the boards, told to those who follow. */
export function OutLog({ outs, flight, now }: { outs: readonly Outgoing[]; flight: Flight; now: number }) {
  const { t } = useLingui();
  return (
    <ol
      className={styles.log}
      aria-label={t`What went out`}
      aria-live="polite"
      aria-relevant="additions text"
    >
      {outs.map((out) => (
        <li key={out.id} className={styles.out}>
          <OneOut out={out} flight={flight} now={now} />
        </li>
      ))}
    </ol>
  );
}

function OneOut({ out, flight, now }: { out: Outgoing; flight: Flight; now: number }) {
  const { i18n } = useLingui();
  const { state } = useConnection();
  const { saved } = out;
  if (!saved) {
    return (
      <Step waits>
        <Trans>Sending …</Trans>
      </Step>
    );
  }
  const { version, changes } = saved;
  if (version === undefined) {
    return (
      <Step>
        <Trans>All of that was known already. Nothing changed, and nobody is told.</Trans>
      </Step>
    );
  }
  const after =
    out.boardsAfter === undefined ? "" : new Intl.NumberFormat(i18n.locale).format(out.boardsAfter);
  return (
    <>
      <Step>
        <b>
          <Trans>Saved as version {version}</Trans>
        </b>
        <ul className={styles.changes}>
          {changes.map((change) => (
            <li key={change.field}>{sentence(change, flight, i18n) ?? <Unsaid field={change.field} />}</li>
          ))}
        </ul>
      </Step>
      {after ? (
        <Step>
          <Trans>On the boards after {after} ms</Trans>
        </Step>
      ) : (
        <Step waits>
          {state === "live" ? (
            <Trans>On its way to the boards …</Trans>
          ) : (
            <Trans>
              This page has no live connection, so it can’t see the boards change. They do: it is saved.
            </Trans>
          )}
        </Step>
      )}
      {telling(changes, saved.to, now).map((how) => (
        <Step key={how}>
          <Told how={how} />
        </Step>
      ))}
    </>
  );
}

function Step({ waits = false, children }: { waits?: boolean; children: React.ReactNode }) {
  return (
    <div className={styles.went} data-waits={waits || undefined}>
      <span aria-hidden className={styles.mark}>
        {waits ? "…" : "✓"}
      </span>
      <div>{children}</div>
    </div>
  );
}

/** What passengers notice nothing of has no sentence in the flight's timeline. */
function Unsaid({ field }: { field: string }) {
  switch (field) {
    case "delay_codes":
      return <Trans>The reasons for the delay changed</Trans>;
    case "estimated_out":
      return <Trans>The estimated departure changed</Trans>;
    case "estimated_in":
      return <Trans>The estimated arrival changed</Trans>;
    default:
      return <span lang="en">{field}</span>;
  }
}

function Told({ how }: { how: Telling }) {
  const { t } = useLingui();
  const followers = <span className={ui.label}>{t`Followers`}</span>;
  switch (how) {
    case "at-once":
      return <Trans>{followers} are told at once, in quiet hours too.</Trans>;
    case "soon":
      return <Trans>{followers} are told of the gate within a minute or so, in quiet hours too.</Trans>;
    case "gate-later":
      return <Trans>{followers} read the gate in their reminder, three hours before departure.</Trans>;
    case "time":
      return (
        <Trans>
          {followers} are told within a minute or so, where it is far enough from what they were last told: 15
          minutes the first time, then 10, unless they chose otherwise. Quiet hours hold it back.
        </Trans>
      );
    case "time-later":
      return <Trans>{followers} are told of times from 24 hours before departure on.</Trans>;
    case "belt":
      return <Trans>{followers} who asked for the belt are told within a minute or so.</Trans>;
    case "belt-later":
      return <Trans>{followers} who asked for the belt are told once it has landed.</Trans>;
    case "page":
      return <Trans>The flight’s page shows the rest; it is no message of its own.</Trans>;
  }
}
