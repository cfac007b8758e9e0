import { Trans, useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { useEffect, useState, useSyncExternalStore } from "react";
import { useSession } from "../api/session";
import ui from "../ui/ui.module.css";
import { useInstallOffer } from "./install";
import styles from "./shell.module.css";
import { startWorker } from "./worker";

/** What is to be known beside the page: no network, a session that is over, a new version, that it can be installed. */
export function News({ wall }: { wall: boolean }) {
  const { t } = useLingui();
  const online = useSyncExternalStore(hearNetwork, () => navigator.onLine);
  const session = useSession();
  const [takeOver, later] = useNewVersion();
  const [read, setRead] = useState(false);
  const install = useInstallOffer();
  const ended = session.state === "guest" && session.over === true && !read;

  useEffect(() => {
    if (wall) takeOver?.(); // nobody is there to say so
  }, [wall, takeOver]);
  useEffect(() => {
    if (session.state === "signed-in") setRead(false);
  }, [session.state]);

  if (wall) return null;
  return (
    <div className={styles.news}>
      <div role="status">
        {!online && (
          <p data-tone="late">
            <Trans>You are offline. What you see is as it was last seen.</Trans>
          </p>
        )}
        {ended && (
          <p>
            <span>
              <Trans>You are logged out: your session was ended elsewhere, or is over.</Trans>
            </span>
            <Link to="/login" className={ui.button}>
              <Trans>Log in</Trans>
            </Link>
            <button type="button" className={`${ui.button} ${ui.plain}`} onClick={() => setRead(true)}>
              {t`Close`}
            </button>
          </p>
        )}
        {takeOver && (
          <p>
            <span>
              <Trans>There is a new version of Gatecall.</Trans>
            </span>
            <button type="button" className={ui.button} onClick={takeOver}>
              <Trans>Reload</Trans>
            </button>
            <button type="button" className={`${ui.button} ${ui.plain}`} onClick={later}>
              <Trans context="put it off">Later</Trans>
            </button>
          </p>
        )}
      </div>
      {install && (
        <p>
          <span>
            <Trans>Gatecall can be on your home screen, and shows the last seen boards offline.</Trans>
          </span>
          <button type="button" className={ui.button} onClick={install.accept}>
            <Trans>Install</Trans>
          </button>
          <button type="button" className={`${ui.button} ${ui.plain}`} onClick={install.refuse}>
            <Trans>Don’t ask again</Trans>
          </button>
        </p>
      )}
    </div>
  );
}

/** What takes over when a new version waits, and what puts it off to the next start. */
function useNewVersion(): [(() => void) | undefined, () => void] {
  const [takeOver, setTakeOver] = useState<() => void>();
  useEffect(() => {
    if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
    const start = () => void startWorker((take) => setTakeOver(() => take)).catch(() => undefined); // without it, only not offline
    if (!("requestIdleCallback" in window)) {
      const timer = setTimeout(start, 2_000); // Safari
      return () => clearTimeout(timer);
    }
    const asked = requestIdleCallback(start, { timeout: 10_000 });
    return () => cancelIdleCallback(asked);
  }, []);
  return [takeOver, () => setTakeOver(undefined)];
}

function hearNetwork(changed: () => void): () => void {
  addEventListener("online", changed);
  addEventListener("offline", changed);
  return () => {
    removeEventListener("online", changed);
    removeEventListener("offline", changed);
  };
}
