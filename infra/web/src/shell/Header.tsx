import { Trans, useLingui } from "@lingui/react/macro";
import { Link, useRouterState } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense, useEffect, useRef, useState } from "react";
import { useSession } from "../api/session";
import { Menu } from "./Menu";
import styles from "./shell.module.css";

const FinderDialog = lazy(() => import("../home/FinderDialog").then((m) => ({ default: m.FinderDialog })));

/** The way to everything: above the page on a desktop, at the thumb on a phone. */
export function Header() {
  const { t } = useLingui();
  const [finding, setFinding] = useState(false);
  const session = useSession();
  const loading = useRouterState({ select: ({ isLoading }) => isLoading });
  const menu = useRef<HTMLDivElement>(null);
  const page = useRouterState({ select: ({ location }) => location.pathname });
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is open belongs to the page that it was opened on
  useEffect(() => {
    if (menu.current?.matches(":popover-open")) menu.current.hidePopover();
    setFinding(false);
  }, [page]);

  return (
    <>
      <header className={styles.header}>
        <Link to="/" className={styles.brand}>
          <img src="/icon.svg" alt="" />
          Gatecall
        </Link>
        <div className={styles.loading} data-loading={loading || undefined} />
      </header>
      <nav className={styles.nav} aria-label={t`Main`}>
        <Link to="/" activeOptions={{ exact: true }} className={`${styles.item} ${styles.home}`}>
          <Icon>
            <path d="M4 11 12 4l8 7v9h-5v-6H9v6H4z" />
          </Icon>
          <span>
            <Trans>Start</Trans>
          </span>
        </Link>
        <button type="button" className={styles.item} aria-haspopup="dialog" onClick={() => setFinding(true)}>
          <Icon>
            <circle cx="11" cy="11" r="6" />
            <path d="m15.5 15.5 4.5 4.5" />
          </Icon>
          <span>
            <Trans>Search</Trans>
          </span>
        </button>
        <Link to="/search" className={styles.item}>
          <Icon>
            <path d="M3 8a2 2 0 0 1 2-2h14a2 2 0 0 1 2 2v2.5a1.5 1.5 0 0 0 0 3V16a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2v-2.5a1.5 1.5 0 0 0 0-3zM14 6v12" />
          </Icon>
          <span>
            <Trans>Book</Trans>
          </span>
        </Link>
        <Link to="/trips" className={styles.item}>
          <Icon>
            <path d="M4 8h16v11H4zM9 8V5h6v3M4 13h16" />
          </Icon>
          <span>
            <Trans>Trips</Trans>
          </span>
        </Link>
        <Link to="/following" className={styles.item}>
          <Icon>
            <path d="M6 17v-6a6 6 0 0 1 12 0v6l1.5 1.5h-15zM10 21h4" />
          </Icon>
          <span>
            <Trans>Following</Trans>
          </span>
        </Link>
        <button type="button" className={styles.item} popoverTarget="menu">
          <Icon>
            {session.state === "signed-in" ? (
              <path d="M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5a7.5 7.5 0 0 1 15 0" />
            ) : (
              <path d="M4 7h16M4 12h16M4 17h16" />
            )}
          </Icon>
          <span>
            <Trans>Menu</Trans>
          </span>
        </button>
        <Menu ref={menu} />
      </nav>
      {finding && (
        <Suspense>
          <FinderDialog onClose={() => setFinding(false)} />
        </Suspense>
      )}
    </>
  );
}

function Icon(props: { children: ReactNode }) {
  return (
    <svg viewBox="0 0 24 24" className={styles.icon} aria-hidden="true">
      {props.children}
    </svg>
  );
}
