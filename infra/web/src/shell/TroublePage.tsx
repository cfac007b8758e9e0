import { Trans, useLingui } from "@lingui/react/macro";
import type { ErrorComponentProps } from "@tanstack/react-router";
import { Page } from "../ui/page";
import { Notice } from "../ui/states";
import ui from "../ui/ui.module.css";

/** A page broke, or could not be loaded. Nothing of it is reported to anybody. */
export function TroublePage({ error }: ErrorComponentProps) {
  const { t } = useLingui();
  const offline = !navigator.onLine;
  return (
    <Page title={offline ? t`This page needs a network` : t`This page doesn’t work`} narrow>
      <p>
        {offline ? (
          <Trans>
            You are offline, and this page was not opened on this device before. Boards and flights you have
            seen can still be read.
          </Trans>
        ) : (
          <Trans>
            Something in it went wrong. It may be an older version of the app: load the page again. Your
            account and the flights you follow are not affected.
          </Trans>
        )}
      </p>
      <div className={ui.actions}>
        <button type="button" className={`${ui.button} ${ui.main}`} onClick={() => location.reload()}>
          <Trans>Reload</Trans>
        </button>
        <a href="/" className={`${ui.button} ${ui.plain}`}>
          <Trans>To the start page</Trans>
        </a>
      </div>
      {!offline && (
        <Notice>
          <p className={ui.hint}>
            <Trans>For whoever mends it:</Trans>
          </p>
          <code lang="en">{String(error)}</code>
        </Notice>
      )}
    </Page>
  );
}
