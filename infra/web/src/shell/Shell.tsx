import { Trans, useLingui } from "@lingui/react/macro";
import { useIsRestoring, useQueryClient } from "@tanstack/react-query";
import { Outlet, useRouter, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { formerly, restore, useSession } from "../api/session";
import { Footer } from "./Footer";
import { Header } from "./Header";
import { News } from "./News";
import styles from "./shell.module.css";

/** What stands around every page. A board on a wall screen stands alone, and so does a boarding pass. */
export function Shell() {
  const { t } = useLingui();
  const main = useRef<HTMLElement>(null);
  const wall = useRouterState({
    select: ({ location: { pathname, search } }) =>
      pathname.startsWith("/airports/") && "wall" in search && search.wall === true,
  });
  const pass = useRouterState({
    select: ({ location }) => /^\/bookings\/[^/]+\/pass$/.test(location.pathname),
  });
  const alone = wall || pass;
  useSessionHere();
  useFocusOnPage(main);
  return (
    <div className={alone ? undefined : styles.shell}>
      {!alone && (
        <>
          {/* biome-ignore lint/a11y/useValidAnchor: it goes to the content, but the address stays the page's */}
          <a
            href="#main"
            className={styles.skip}
            onClick={(event) => {
              event.preventDefault();
              main.current?.focus();
              main.current?.scrollIntoView();
            }}
          >
            <Trans>Skip to the content</Trans>
          </a>
          <Header />
        </>
      )}
      <div hidden={pass}>
        <News wall={wall} />
      </div>
      <main
        key="main"
        id="main"
        ref={main}
        tabIndex={-1}
        className={styles.main}
        aria-label={wall ? t`Board` : undefined}
      >
        <Outlet />
      </main>
      {!alone && <Footer />}
    </div>
  );
}

/** Find out who uses the app once the page is there; what was somebody's is forgotten when they are gone, or another came. */
function useSessionHere() {
  const client = useQueryClient();
  const session = useSession();
  const who = session.state === "signed-in" ? session.account.id : session.state;
  const before = useRef(who);
  const restoring = useIsRestoring();
  useEffect(() => {
    const timer = setTimeout(restore);
    return () => clearTimeout(timer);
  }, []);
  useEffect(() => {
    if (restoring) return; // what is kept on the device comes back first: it may still have what was somebody's
    const former = before.current === "unknown" ? formerly : before.current;
    const other = who !== former && who !== "unknown";
    if (other || who === "guest") client.removeQueries({ queryKey: ["mine"] });
    before.current = who;
  }, [who, client, restoring]);
}

/**
 * Another page begins at its heading, which is read out, as of a page that a browser loads. It does so once more where
 * the heading gives way to another, as when the page has loaded, until the person goes elsewhere.
 */
function useFocusOnPage(main: { current: HTMLElement | null }) {
  const router = useRouter();
  useEffect(() => {
    let heading: HTMLElement | null | undefined;
    const focus = () => {
      heading = main.current?.querySelector<HTMLElement>("h1") ?? main.current;
      if (heading && !heading.hasAttribute("tabindex")) heading.tabIndex = -1;
      heading?.focus({ preventScroll: true });
    };
    const changes = new MutationObserver(() => {
      if (heading?.isConnected === false && document.activeElement === document.body) focus();
    });
    const elsewhere = ({ target }: FocusEvent) => target !== heading && changes.disconnect();
    const rendered = router.subscribe("onRendered", ({ fromLocation, pathChanged }) => {
      if (!fromLocation || !pathChanged) return;
      focus();
      if (main.current) changes.observe(main.current, { childList: true, subtree: true });
    });
    addEventListener("focusin", elsewhere);
    return () => {
      rendered();
      changes.disconnect();
      removeEventListener("focusin", elsewhere);
    };
  }, [router, main]);
}
