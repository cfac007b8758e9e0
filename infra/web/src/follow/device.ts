import { get, update } from "idb-keyval";
import type { Channel } from "../api/types";

/** An address that was confirmed on this device, or whose link was opened here: the token shows and changes its follows. */
export type Confirmed = {
  channel: Channel;
  /** Enough of it to know it by, as the API tells it. */
  address: string;
  token: string;
  /** Subscriptions it had then: two addresses may look the same where they are hidden. */
  ids: string[];
  /** Of web push: which subscription of this browser it is. */
  endpoint?: string;
};

/** What is followed: a flight, or a number or a route on a date. */
export type Subject = {
  flight?: string | null;
  number?: string | null;
  origin?: string | null;
  destination?: string | null;
  date?: string | null;
};

/** What was asked for on this device and is not known to be confirmed. */
export type Asked = Subject & {
  id: string;
  channel: Channel;
  address: string;
  confirm: "link" | "code";
  bound: boolean;
  at: number;
  /** The service worker asked, and confirms by itself. */
  byWorker?: boolean;
};

/** What this device remembers of following. It stays here. */
export type Device = { confirmed: Confirmed[]; asked: Asked[]; typed: { email?: string; sms?: string } };

const KEY = "gatecall.following";
const NOTHING: Device = { confirmed: [], asked: [], typed: {} };
const ASKED_KEPT = 3 * 86_400_000; // as long as the API keeps it

let known: Device | undefined;
const listeners = new Set<() => void>();
const others = typeof BroadcastChannel === "undefined" ? undefined : new BroadcastChannel(KEY);
others?.addEventListener("message", () => void readDevice());

/** What this device remembers, as it was last read; undefined before. */
export function lastRead(): Device | undefined {
  return known;
}

/** Be told when that changed: here, in another tab, or by the service worker. */
export function onChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Read it anew. A browser that keeps nothing remembers as long as the page is there. */
export async function readDevice(): Promise<Device> {
  const kept = await get<Device>(KEY).catch(() => known);
  return become(kept ?? NOTHING);
}

/** Change what is remembered, whoever else changes it at the same time. */
export async function remember(change: (device: Device) => Device): Promise<void> {
  let next = change(known ?? NOTHING);
  await update<Device>(KEY, (kept) => {
    next = change(kept ?? NOTHING);
    return next;
  }).catch(() => undefined);
  become(next);
  others?.postMessage("changed");
}

/** With a confirmed address: in the place of the same one, or of this browser's former subscription. */
export function withConfirmed(device: Device, entry: Confirmed): Device {
  const same = (other: Confirmed) =>
    other.channel === entry.channel &&
    (entry.channel === "webpush" ||
      (other.address === entry.address && other.ids.some((id) => entry.ids.includes(id))));
  return { ...device, confirmed: [...device.confirmed.filter((other) => !same(other)), entry] };
}

/** With what was just asked for, in the place of the same asked before. */
export function withAsked(device: Device, asked: Asked): Device {
  return { ...device, asked: [...device.asked.filter(({ id }) => id !== asked.id), asked] };
}

/** Without what was asked for and is settled. */
export function withoutAsked(device: Device, ids: readonly string[]): Device {
  return { ...device, asked: device.asked.filter(({ id }) => !ids.includes(id)) };
}

/** An address as it is shown again: enough to know it by. The API hides it in the same way. */
export function hidden(channel: Channel, address: string): string {
  if (channel === "email") return `${address.slice(0, 1).toLowerCase()}…@${address.split("@").pop()}`;
  const number = address.replace(/[^+\d]/g, "");
  return channel === "sms" ? `${number.slice(0, 2)}…${number.slice(-2)}` : "";
}

function become(device: Device): Device {
  const asked = device.asked.filter(({ at }) => Date.now() - at < ASKED_KEPT);
  known = asked.length === device.asked.length ? device : { ...device, asked };
  for (const listener of listeners) listener();
  return known;
}
