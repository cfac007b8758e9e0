import { i18n } from "@lingui/core";
import { Workbox } from "workbox-window";

const LOOK_EVERY = 3_600_000; // a wall screen stays open for weeks

/** Start the service worker (sw.ts). `waits` is told when a new version waits, and what lets it take over. */
export async function startWorker(waits: (takeOver: () => void) => void): Promise<void> {
  const worker = new Workbox("/sw.js");
  worker.addEventListener("waiting", () => {
    waits(() => {
      worker.addEventListener("controlling", () => location.reload());
      worker.messageSkipWaiting();
    });
  });
  await worker.register();
  setInterval(() => void worker.update().catch(() => undefined), LOOK_EVERY);
  const { active } = await navigator.serviceWorker.ready;
  active?.postMessage({ type: "SPEAK", language: i18n.locale }); // its words came before the worker was there
}
