import { Trans, useLingui } from "@lingui/react/macro";
import { lazy, Suspense, useState } from "react";
import type { Board } from "../live/merge";
import styles from "./board.module.css";

const Said = lazy(() => import("./Said").then(({ Said }) => ({ default: Said })));

const KEPT = "gatecall.say";

/** A switch to have changes read out by a screen reader; off until it is wanted, then kept on this device. */
export function SayChanges({ board }: { board: Board }) {
  const { t } = useLingui();
  const [on, setOn] = useState(kept);
  return (
    <>
      <label className={styles.say}>
        <input
          type="checkbox"
          checked={on}
          onChange={({ target }) => {
            setOn(target.checked);
            keep(target.checked);
          }}
        />
        <span title={t`For screen readers: changes of the board are read out`}>
          <Trans>Say changes</Trans>
        </span>
      </label>
      <p aria-live="polite" className="hidden-but-read">
        {on && (
          <Suspense>
            <Said board={board} />
          </Suspense>
        )}
      </p>
    </>
  );
}

function kept(): boolean {
  try {
    return localStorage.getItem(KEPT) === "yes";
  } catch {
    return false;
  }
}

function keep(on: boolean): void {
  try {
    localStorage.setItem(KEPT, on ? "yes" : "no");
  } catch {
    // A browser that keeps nothing: the switch lasts as long as the page.
  }
}
