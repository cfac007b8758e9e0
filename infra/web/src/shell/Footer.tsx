import { Trans } from "@lingui/react/macro";
import styles from "./shell.module.css";

/** Where the flights come from, and where programs read them. */
export function Footer() {
  return (
    <footer className={styles.footer}>
      <p>
        <Trans>
          Times come from the airports’ and airlines’ own systems and may change. What your airline tells you
          counts.
        </Trans>
      </p>
      <ul>
        <li>
          <a href="/docs">
            <Trans>The same flights for programs: the API</Trans>
          </a>
        </li>
        <li>
          <a href="/licences.txt">
            <Trans>Whose work is in this app</Trans>
          </a>
        </li>
      </ul>
    </footer>
  );
}
