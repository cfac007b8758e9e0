/// <reference lib="webworker" />
import type { SubscriptionLine } from "./api/types";
import { type Asked, readDevice, remember, withAsked, withConfirmed, withoutAsked } from "./follow/device";

declare const self: ServiceWorkerGlobalScope;

// Web push in the service worker: shows what came, and leads to the flight. The code of a confirming message goes to the
// page that waits for it; where none is open, the notification leads to one with the code in its address.

/** What the API sends (chalicelib/alerts/letters.py, confirm.py), as far as it is understood. */
export type Told = {
  title: string;
  body: string;
  language: string;
  urgent: boolean;
  flight: string | undefined;
  confirm: { subscription: string; code: string } | undefined;
};

const SOMETHING = {
  en: "Something changed of a flight you follow.",
  es: "Algo ha cambiado en un vuelo que sigue.",
  fr: "Un vol que vous suivez a changé.",
  de: "Bei einem Flug, dem Sie folgen, hat sich etwas geändert.",
  zh: "您关注的航班有变动。",
};

self.addEventListener("push", (event) => event.waitUntil(show(read(event.data?.text() ?? ""))));
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(String(event.notification.data?.url ?? "/following")));
});
self.addEventListener("pushsubscriptionchange", (event) => {
  if (isChange(event)) event.waitUntil(move(event));
});

/** Read a payload; what is not understood becomes a message that is true of any. */
export function read(payload: string): Told {
  const told = record(parsed(payload));
  const data = record(told.data);
  const language = text(told.language) ?? navigator.language.slice(0, 2);
  const general = Object.entries(SOMETHING).find(([each]) => each === language)?.[1] ?? SOMETHING.en;
  const [subscription, code] = [text(data.subscription), text(data.code)];
  return {
    title: text(told.title) ?? "Gatecall",
    body: text(told.body) ?? (text(told.title) ? "" : general),
    language,
    urgent: told.urgent === true,
    flight: text(data.flight),
    confirm: data.type === "confirm" && subscription && code ? { subscription, code } : undefined,
  };
}

/** Where a notification leads. */
export function pathOf({ flight, confirm }: Told): string {
  const page = flight ? `/flights/${encodeURIComponent(flight)}` : "/following";
  if (!confirm) return page;
  return `${page}?${new URLSearchParams({ confirm: confirm.subscription, code: confirm.code })}`;
}

async function show(told: Told): Promise<void> {
  if (told.confirm) {
    if (await confirmedAlone(told.confirm)) return notify({ ...told, body: "", confirm: undefined });
    for (const page of await pages()) page.postMessage({ type: "confirm", ...told.confirm });
  }
  await notify(told);
}

/** Every push is shown: browsers take the permission from who sends what nobody sees. */
function notify(told: Told): Promise<void> {
  const tag = told.confirm ? "confirm" : told.flight;
  return self.registration.showNotification(told.title, {
    body: told.body,
    lang: told.language,
    icon: "/icon-192.png",
    data: { url: pathOf(told) },
    ...(tag ? { tag, renotify: told.urgent } : {}),
  } as NotificationOptions);
}

async function open(path: string): Promise<void> {
  const url = new URL(path, self.location.origin);
  const there = (await pages()).find((page) => new URL(page.url).pathname === url.pathname);
  if (!there) {
    await self.clients.openWindow(url.href);
    return;
  }
  await there.focus();
  const code = url.searchParams.get("code");
  const subscription = url.searchParams.get("confirm");
  if (code && subscription) there.postMessage({ type: "confirm", subscription, code });
}

async function pages(): Promise<readonly WindowClient[]> {
  return self.clients.matchAll({ type: "window", includeUncontrolled: true });
}

/**
 * The push service gave this browser another address: follow with it all that was followed with the former one. That is
 * confirmed by its own message (`confirmedAlone`); the API drops the former address when the push service says it is gone.
 */
async function move(change: { oldSubscription?: PushSubscription; newSubscription?: PushSubscription }) {
  const { confirmed } = await readDevice();
  const former = confirmed.find(({ channel }) => channel === "webpush");
  const options = change.oldSubscription?.options;
  const next =
    change.newSubscription ??
    (options && (await self.registration.pushManager.subscribe(options).catch(() => null)));
  if (!former || !next) return;
  const answer = await fetch("/v1/subscriptions", { headers: { Authorization: `Bearer ${former.token}` } });
  if (!answer.ok) return;
  const { subscriptions }: { subscriptions: SubscriptionLine[] } = await answer.json();
  for (const { id: _, status, flight, number, origin, destination, date, ...wishes } of subscriptions) {
    if (status !== "active") continue;
    const subject = flight ? { flight } : number ? { number, date } : { origin, destination, date };
    const body = JSON.stringify({ ...subject, ...wishes, channel: "webpush", address: next.toJSON() });
    const followed = await fetch("/v1/subscriptions", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body,
    });
    if (!followed.ok) continue;
    const { id, bound }: { id: string; bound: boolean } = await followed.json();
    const asked: Asked = {
      ...{ id, bound, ...subject, channel: "webpush", address: "", confirm: "code" },
      ...{ at: Date.now(), byWorker: true },
    };
    await remember((device) => withAsked(device, asked));
  }
}

/** Confirm what this worker asked for itself. */
async function confirmedAlone({
  subscription,
  code,
}: {
  subscription: string;
  code: string;
}): Promise<boolean> {
  const { asked } = await readDevice();
  if (!asked.some(({ id, byWorker }) => byWorker && id === subscription)) return false;
  const answer = await fetch(`/v1/subscriptions/${encodeURIComponent(subscription)}/confirmation`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ code }),
  });
  if (!answer.ok) return false;
  const { token }: { token: string } = await answer.json();
  const here = await self.registration.pushManager.getSubscription();
  const ids = asked.filter(({ byWorker }) => byWorker).map(({ id }) => id);
  await remember((device) =>
    withoutAsked(
      withConfirmed(device, { channel: "webpush", address: "", token, ids, endpoint: here?.endpoint }),
      ids,
    ),
  );
  return true;
}

function isChange(event: Event): event is ExtendableEvent & {
  oldSubscription?: PushSubscription;
  newSubscription?: PushSubscription;
} {
  return "waitUntil" in event;
}

function parsed(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    return undefined;
  }
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value ? value : undefined;
}
