/// <reference lib="webworker" />
import { createHandlerBoundToURL, type PrecacheEntry, precacheAndRoute } from "workbox-precaching";
import { NavigationRoute, registerRoute } from "workbox-routing";

import "./push";

declare const self: ServiceWorkerGlobalScope;

// The app works without a network: all of its pages, in English and the languages that this device has asked for. What
// it last saw of flights is kept by main.tsx. A new version waits until the person says so, or until no page is open;
// until then the pages that are open find the files of theirs. Of the API nothing is kept.
const WORDS = "words";
const built = self.__WB_MANIFEST.map((entry) => (typeof entry === "string" ? { url: entry } : entry));
const words = built.filter(isWords).map(({ url }) => new URL(url, self.location.origin).href);

precacheAndRoute(built.filter((entry) => !isWords(entry)));
const API = [/^\/(v1|docs|follow|account|s|local|ws)(\/|$)/];
const FILE = /^[^?]*\/[^/?]*\.[^/?]*(\?|$)/; // has a dot in its last part, such as /licences.txt: no page of the app
registerRoute(new NavigationRoute(createHandlerBoundToURL("index.html"), { denylist: [...API, FILE] }));
registerRoute(
  ({ url }) => words.includes(url.href),
  async ({ request }) => {
    const cache = await caches.open(WORDS);
    const kept = await cache.match(request);
    if (kept) return kept;
    const answer = await fetch(request);
    if (answer.ok) await cache.put(request, answer.clone());
    return answer;
  },
);

self.addEventListener("install", (event) => event.waitUntil(learn()));
self.addEventListener("activate", (event) => event.waitUntil(Promise.all([forget(), self.clients.claim()])));
self.addEventListener("message", (event) => {
  if (event.data?.type === "SKIP_WAITING") void self.skipWaiting();
  if (event.data?.type === "SPEAK") event.waitUntil(learn(event.data.language));
});

/** Have all words of a language, and of those that this device has words of, perhaps of the version before. */
async function learn(spoken?: string): Promise<void> {
  const cache = await caches.open(WORDS);
  const kept = (await cache.keys()).map(({ url }) => url);
  const languages = new Set([spoken, ...kept.map(language)]);
  await cache.addAll(words.filter((url) => languages.has(language(url)) && !kept.includes(url)));
}

async function forget(): Promise<void> {
  const cache = await caches.open(WORDS);
  const old = (await cache.keys()).filter(({ url }) => !words.includes(url));
  await Promise.all(old.map((request) => cache.delete(request)));
}

/** Whether a file is the words of another language than English, which comes with the app. */
function isWords({ url }: PrecacheEntry): boolean {
  return !["", "en"].includes(language(url));
}

/** The language of a file of words (vite.config.ts names them so); else "". */
function language(url: string): string {
  return /\/words-([a-z]{2})-/.exec(url)?.[1] ?? "";
}
