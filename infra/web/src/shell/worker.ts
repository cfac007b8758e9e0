import { i18n } from "@lingui/core";

const LOOK_EVERY = 3_600_000; // a wall screen stays open for weeks

/** Start the service worker (sw.ts). `waits` is told when a new version waits, and what lets it take over. */
export async function startWorker(waits: (takeOver: () => void) => void): Promise<void> {
  const workers = navigator.serviceWorker;
  const registration = await workers.register("/sw.js");

  function offer(next: ServiceWorker) {
    waits(() => {
      workers.addEventListener("controllerchange", () => location.reload());
      next.postMessage({ type: "SKIP_WAITING" });
    });
  }

  if (registration.waiting) offer(registration.waiting);
  registration.addEventListener("updatefound", () => {
    const next = registration.installing;
    next?.addEventListener("statechange", () => {
      if (next.state === "installed" && registration.active) offer(next); // the very first one waits for nobody
    });
  });
  setInterval(() => void registration.update().catch(() => undefined), LOOK_EVERY);
  const { active } = await workers.ready;
  active?.postMessage({ type: "SPEAK", language: i18n.locale }); // its words came before the worker was there
}
