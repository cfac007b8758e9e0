import { Trans, useLingui } from "@lingui/react/macro";
import { type ReactNode, useState } from "react";
import type { FeedLine } from "../api/types";
import { flightAt, useNow } from "../live/clock";
import { useConnection } from "../live/connection";
import { clockTime, relative } from "../ui/times";
import styles from "./live.module.css";

/**
 * How the page is connected and how old is what it shows, always visible.
 * `updatedAt`: when what is shown was last right, in local milliseconds; `feeds`: the systems it comes from.
 * `says`: a change of the connection is read out; the shell does that wherever it is there.
 */
export function LiveState(props: {
  updatedAt: number;
  zone?: string;
  feeds?: readonly FeedLine[];
  says?: boolean;
}) {
  const { i18n, t } = useLingui();
  const { state, heard = 0 } = useConnection();
  const now = useNow(5);
  const zone = props.zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  const [shownSince] = useState(Date.now);
  // What the server said before this was shown was of something else: what is shown may be much older.
  const seen = heard >= shownSince ? Math.max(props.updatedAt, heard) : props.updatedAt;
  const seenAt = flightAt(seen);
  const time = clockTime(seenAt, zone, i18n.locale);
  const age = relative(Math.min(0, Math.round((seenAt - now) / 1000)), i18n.locale);

  let say: string;
  let shown: ReactNode;
  let tone: "good" | "late" | "bad" = "late";
  if (state === "live") {
    tone = "good";
    say = t`Live`;
    shown = say;
  } else if (state === "offline") {
    tone = "bad";
    say = t`No network`;
    shown = seen ? (
      <Trans>
        No network: last seen {time}, {age}
      </Trans>
    ) : (
      say
    );
  } else if (state === "lost") {
    say = t`Reconnecting …`;
    shown = seen ? <Trans>Reconnecting … shown as of {time}</Trans> : say;
  } else {
    say = t`Connecting …`;
    shown = seen && now - seenAt > 90_000 ? <Trans>Connecting … shown as of {time}</Trans> : say;
  }
  return (
    <div className={styles.state}>
      <span className={styles.connection} data-tone={tone}>
        {shown}
      </span>
      {props.says && (
        <span className="hidden-but-read" role="status">
          {say}
        </span>
      )}
      {state === "live" && props.feeds && <Heard feeds={props.feeds} now={now} />}
    </div>
  );
}

function Heard({ feeds, now }: { feeds: readonly FeedLine[]; now: number }) {
  const { i18n } = useLingui();
  const silent = feeds.filter((feed) => feed.silent);
  const told = silent.length ? silent : feeds;
  const last = Math.max(...told.map((feed) => Date.parse(feed.heard_at)));
  if (!feeds.length) return null;
  const seconds = Math.max(0, Math.round((now - last) / 1000));
  const coarse = seconds < 60 ? Math.ceil(seconds / 5) * 5 : seconds;
  const ago = relative(-coarse, i18n.locale);
  if (!silent.length) {
    return (
      <span>
        <Trans>Data from the airport {ago}</Trans>
      </span>
    );
  }
  const span = duration(seconds, i18n.locale);
  return (
    <strong className={styles.silent}>
      {silent.length === feeds.length ? (
        <Trans>The airport’s system has said nothing for {span}: what is shown may be old</Trans>
      ) : (
        <Trans>One of the airport’s systems has said nothing for {span}: some of this may be old</Trans>
      )}
    </strong>
  );
}

function duration(seconds: number, language: string): string {
  const [value, unit] = seconds < 7200 ? [seconds / 60, "minute"] : [seconds / 3600, "hour"];
  return Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(
    Math.floor(Number(value)),
  );
}
