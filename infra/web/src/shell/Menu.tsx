import { Trans, useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { type RefObject, useState } from "react";
import { logOut, useSession } from "../api/session";
import { Why } from "../ui/states";
import ui from "../ui/ui.module.css";
import { isLanguage, LANGUAGES, speak } from "./language";
import { chooseScheme, chosenScheme, isScheme } from "./scheme";
import styles from "./shell.module.css";

/** Who uses the app, in which language, by day or by night. The browser opens and closes it: a popover. */
export function Menu(props: { ref: RefObject<HTMLDivElement | null> }) {
  const { t, i18n } = useLingui();
  const session = useSession();
  const [scheme, setScheme] = useState(chosenScheme);
  const [error, setError] = useState<unknown>();

  function trying(what: Promise<void>) {
    setError(undefined);
    what.catch(setError);
  }

  return (
    <div id="menu" popover="auto" ref={props.ref} className={styles.menu}>
      {session.state === "signed-in" ? (
        <div className={styles.account}>
          <p className={styles.who}>{session.account.email}</p>
          <Link to="/profile">
            <Trans>Your account</Trans>
          </Link>
          {session.account.role === "admin" && (
            <Link to="/admin/people">
              <Trans>Administration</Trans>
            </Link>
          )}
          <button type="button" onClick={() => trying(logOut())}>
            <Trans>Log out</Trans>
          </button>
        </div>
      ) : (
        <div className={styles.account}>
          <Link to="/login">
            <Trans>Log in</Trans>
          </Link>
          <Link to="/register">
            <Trans>Create an account</Trans>
          </Link>
        </div>
      )}
      <label className={ui.field}>
        <span className={ui.label}>
          <Trans>Language</Trans>
        </span>
        <select
          className={ui.input}
          value={i18n.locale}
          onChange={({ target: { value } }) => isLanguage(value) && trying(speak(value, { chosen: true }))}
        >
          {Object.entries(LANGUAGES).map(([language, name]) => (
            <option key={language} value={language} lang={language}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label className={ui.field}>
        <span className={ui.label}>
          <Trans>Day or night</Trans>
        </span>
        <select
          className={ui.input}
          value={scheme}
          onChange={({ target: { value } }) => {
            if (!isScheme(value)) return;
            chooseScheme(value);
            setScheme(value);
          }}
        >
          <option value="system">{t`As the device`}</option>
          <option value="light">{t`Day: dark on light`}</option>
          <option value="dark">{t`Night: light on dark`}</option>
        </select>
      </label>
      {error !== undefined && (
        <p role="alert" className={ui.wrong}>
          <Why error={error} />
        </p>
      )}
    </div>
  );
}
