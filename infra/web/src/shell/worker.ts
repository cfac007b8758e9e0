import { i18n } from "@lingui/core";
import { Workbox } from "workbox-window";
import { withWords } from "./language";

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
  await navigator.serviceWorker.ready;
  await keepWords();
}

/** Keep the words of this language: those that were loaded before the worker was there did not pass it. */
async function keepWords(): Promise<void> {
  await withWords("pages");
  const loaded = performance.getEntriesByType("resource").map(({ name }) => name);
  const words = await caches.open("words");
  await words.addAll(loaded.filter((name) => name.includes(`/assets/words-${i18n.locale}-`)));
}
