import { Trans, useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { Page } from "../ui/page";
import ui from "../ui/ui.module.css";

/** An address that leads nowhere. */
export function LostPage() {
  const { t } = useLingui();
  return (
    <Page title={t`There is no such page`} narrow>
      <p>
        <Trans>The address may have been typed or copied wrong, or the page is no longer there.</Trans>
      </p>
      <div className={ui.actions}>
        <Link to="/" className={`${ui.button} ${ui.main}`}>
          <Trans>Find an airport or a flight</Trans>
        </Link>
      </div>
    </Page>
  );
}
