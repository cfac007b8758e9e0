import { Trans, useLingui } from "@lingui/react/macro";
import { Link, Outlet } from "@tanstack/react-router";
import { SignedIn } from "../shell/SignedIn";
import styles from "./admin.module.css";

/** The frame of what admins do: people, invitations, keys, and the trail of it all. */
export function AdminPage() {
  const { t } = useLingui();
  return (
    <SignedIn roles={["admin"]}>
      {() => (
        <>
          <nav aria-label={t`Administration`} className={styles.nav}>
            <Link to="/admin/people">
              <Trans>People</Trans>
            </Link>
            <Link to="/admin/invitations">
              <Trans>Invitations</Trans>
            </Link>
            <Link to="/admin/keys">
              <Trans>Keys</Trans>
            </Link>
            <Link to="/admin/audit">
              <Trans>Audit</Trans>
            </Link>
          </nav>
          <Outlet />
        </>
      )}
    </SignedIn>
  );
}
