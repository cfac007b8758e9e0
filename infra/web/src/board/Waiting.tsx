import { Trans } from "@lingui/react/macro";
import { useEffect, useState } from "react";
import ui from "../ui/ui.module.css";
import styles from "./board.module.css";
import { LiveState } from "./LiveState";

const SLOW = 3_000;

/** The board's rows before there are any, each in its place. */
export function Waiting() {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), SLOW);
    return () => clearTimeout(timer);
  }, []);
  return (
    <>
      <div className={styles.bar}>
        <LiveState updatedAt={0} />
      </div>
      <div className={styles.waiting}>
        <p role="status" className={slow ? ui.hint : "hidden-but-read"}>
          {slow ? <Trans>This takes longer than usual.</Trans> : <Trans>The board is coming …</Trans>}
        </p>
        {Array.from({ length: 10 }, (_, line) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: they are all the same
          <div key={line} aria-hidden="true" className={styles.ghost}>
            <span className={ui.skeleton} />
            <span className={ui.skeleton} style={{ inlineSize: `${75 - ((line * 29) % 45)}%` }} />
            <span className={ui.skeleton} />
          </div>
        ))}
      </div>
    </>
  );
}
