import { useEffect, useState } from "react";

const REFUSED = "gatecall.no-install";

/** Chromium's offer to install the app; no standard yet, so that TypeScript does not know it. */
interface InstallEvent extends Event {
  prompt(): Promise<unknown>;
}

/** The browser's offer to install the app, where it makes one and the person never refused. */
export function useInstallOffer(): { accept: () => void; refuse: () => void } | undefined {
  const [offer, setOffer] = useState<InstallEvent>();
  useEffect(() => {
    const offered = (event: Event) => {
      if (!isInstall(event)) return;
      event.preventDefault(); // it is offered here, not over the page
      if (!refused()) setOffer(event);
    };
    const installed = () => setOffer(undefined);
    addEventListener("beforeinstallprompt", offered);
    addEventListener("appinstalled", installed);
    return () => {
      removeEventListener("beforeinstallprompt", offered);
      removeEventListener("appinstalled", installed);
    };
  }, []);
  if (!offer) return undefined;
  return {
    accept: () => {
      setOffer(undefined); // it can be made once
      void offer.prompt();
    },
    refuse: () => {
      setOffer(undefined);
      try {
        localStorage.setItem(REFUSED, "yes");
      } catch {
        // A browser that keeps nothing: not again in this page.
      }
    },
  };
}

function isInstall(event: Event): event is InstallEvent {
  return "prompt" in event && typeof event.prompt === "function";
}

function refused(): boolean {
  try {
    return localStorage.getItem(REFUSED) !== null;
  } catch {
    return true;
  }
}
