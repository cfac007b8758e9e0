import { useSyncExternalStore } from "react";
import { api, unwrap } from "../api/client";
import { readDevice } from "./device";

/** Why this browser can't be told by push. */
export type PushTrouble = "unsupported" | "install" | "denied" | "dismissed" | "no-service" | "not-ready";

/** What the browser said to our wish to send it messages. */
export class NoPush extends Error {
  override name = "NoPush";

  constructor(readonly why: PushTrouble) {
    super(why);
  }
}

const READY_WITHIN = 10_000;

/** Why push can't work here, as far as that is known without asking; undefined where it can be tried. */
export function pushTrouble(): PushTrouble | undefined {
  if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window))
    return isApple() ? "install" : "unsupported";
  return Notification.permission === "denied" ? "denied" : undefined;
}

/**
 * This browser's push subscription; asks the person where they were not asked yet, so call it on a click. A subscription
 * that nobody confirmed on this device is replaced: its confirming message went to nobody, and comes only once.
 */
export async function subscribed(): Promise<PushSubscription> {
  const trouble = pushTrouble();
  if (trouble) throw new NoPush(trouble);
  listen();
  const permission = await Notification.requestPermission();
  if (permission !== "granted") throw new NoPush(permission === "denied" ? "denied" : "dismissed");
  const { pushManager } = await worker();
  const { key } = await unwrap(api.GET("/v1/webpush/key"));
  const device = await readDevice();
  const there = await pushManager.getSubscription();
  if (there && device.confirmed.some(({ endpoint }) => endpoint === there.endpoint)) return there;
  await there?.unsubscribe();
  try {
    return await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  } catch {
    throw new NoPush("no-service");
  }
}

/** Whether messages still come to this browser by the subscription that was confirmed here. */
export async function stillSubscribed(endpoint: string | undefined): Promise<boolean> {
  if (pushTrouble() || Notification.permission !== "granted") return false;
  const registration = await navigator.serviceWorker.getRegistration();
  const subscription = await registration?.pushManager.getSubscription();
  return subscription !== undefined && subscription !== null && subscription.endpoint === endpoint;
}

/** Say on the device that messages come here from now on, in the place of the one that brought the code. */
export async function welcome(title: string, body: string): Promise<void> {
  const registration = await navigator.serviceWorker?.getRegistration();
  await registration
    ?.showNotification(title, { body, tag: "confirm", icon: "/icon-192.png", silent: true })
    .catch(() => undefined);
}

// The codes that confirming messages brought while this page is open, by subscription: src/push.ts posts them here. One may
// come before the answer to what was asked for.
const codes = new Map<string, string>();
const listeners = new Set<() => void>();

function listen(): void {
  navigator.serviceWorker?.addEventListener("message", heard); // once, however often
}

function heard({ data }: MessageEvent<unknown>): void {
  if (!isCode(data)) return;
  codes.set(data.subscription, data.code);
  for (const listener of listeners) listener();
}

/** The code that came by push for a subscription. */
export function useCode(subscription: string): string | undefined {
  return useSyncExternalStore(
    (listener) => {
      listen();
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => codes.get(subscription),
  );
}

function isCode(data: unknown): data is { subscription: string; code: string } {
  return (
    typeof data === "object" &&
    data !== null &&
    "type" in data &&
    data.type === "confirm" &&
    "subscription" in data &&
    typeof data.subscription === "string" &&
    "code" in data &&
    typeof data.code === "string"
  );
}

function worker(): Promise<ServiceWorkerRegistration> {
  return Promise.race([
    navigator.serviceWorker.ready,
    new Promise<never>((_, reject) => setTimeout(() => reject(new NoPush("not-ready")), READY_WITHIN)),
  ]);
}

/** iPhones and iPads, which give push to installed apps alone; an iPad says that it is a Mac. */
function isApple(): boolean {
  return (
    /iPhone|iPad|iPod/.test(navigator.userAgent) ||
    (/Mac/.test(navigator.userAgent) && navigator.maxTouchPoints > 1)
  );
}
