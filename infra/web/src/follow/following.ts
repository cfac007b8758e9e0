import { useQueries, useQueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { api, unwrap } from "../api/client";
import { ApiProblem } from "../api/problems";
import { useSession } from "../api/session";
import type { Channel, FollowRequest, SubscriptionLine } from "../api/types";
import {
  type Asked,
  type Confirmed,
  type Device,
  lastRead,
  onChange,
  readDevice,
  remember,
  type Subject,
  withAsked,
  withConfirmed,
  withoutAsked,
} from "./device";

/** An address whose follows may be seen and changed here: the account's, or one confirmed on this device. */
export type Holder = {
  channel: Channel;
  address: string;
  /** Of an address of this device; without one it is the account's. */
  token?: string;
  endpoint?: string;
  subscriptions: SubscriptionLine[];
};

/** What is followed here, as far as it is known. */
export type Following = {
  holders: Holder[];
  /** What was asked for on this device and nobody confirmed yet. */
  asked: Asked[];
  loading: boolean;
  error: unknown;
  /** When it was last heard, where there is no answer now. */
  seen: number | undefined;
  again: () => void;
};

const WAITING_EVERY = 3_000; // while a confirmation is awaited
const WAITING_FOR = 10 * 60_000;

/** What this device remembers; undefined until it was read. */
export function useDevice(): Device | undefined {
  useEffect(() => {
    if (!lastRead()) void readDevice();
  }, []);
  return useSyncExternalStore(onChange, lastRead);
}

/** What the account and the addresses of this device follow. */
export function useFollowing(): Following {
  const device = useDevice();
  const session = useSession();
  const client = useQueryClient();
  useTokenOfLink();
  const who: (Confirmed | undefined)[] = [
    ...(session.state === "signed-in" ? [undefined] : []),
    ...(device?.confirmed ?? []),
  ];
  const waiting = Boolean(device?.asked.some(({ at }) => Date.now() - at < WAITING_FOR));
  const answers = useQueries({
    queries: who.map((confirmed) => ({
      queryKey: keyOf(confirmed?.token),
      queryFn: ({ signal }: { signal: AbortSignal }) => held(confirmed, signal),
      refetchInterval: waiting ? WAITING_EVERY : (false as const),
      staleTime: 5_000,
      meta: { kept: true },
    })),
  });
  const seen = new Set<string>();
  const holders: Holder[] = [];
  for (const { data } of answers) {
    if (!data || data.subscriptions.some(({ id }) => seen.has(id))) continue; // the account's address, confirmed here
    for (const { id } of data.subscriptions) seen.add(id);
    holders.push(data);
  }
  useEffect(() => {
    // What was seen of an address that was taken off this device goes with it, from what is kept for offline, too.
    const here = device && new Set(device.confirmed.map(({ token }) => token));
    const gone = ([, token]: readonly unknown[]) => typeof token === "string" && !here?.has(token);
    if (here)
      client.removeQueries({ queryKey: [SUBSCRIPTIONS], predicate: ({ queryKey }) => gone(queryKey) });
  }, [client, device]);
  const settled = settledOf(device?.asked ?? [], holders);
  useEffect(() => {
    if (settled) void remember((now) => withoutAsked(now, settled.split(" ")));
  }, [settled]);
  const failed = answers.find(({ error }) => error);
  return {
    holders,
    asked: device?.asked ?? [],
    loading:
      !device || (session.state === "unknown" && !session.why) || answers.some(({ isPending }) => isPending),
    error: failed?.error,
    seen: failed?.data ? failed.dataUpdatedAt : undefined,
    again: () =>
      void client.invalidateQueries({ predicate: ({ queryKey }) => queryKey.includes(SUBSCRIPTIONS) }),
  };
}

/** Ask again what is followed, as it was changed here. */
export function useRefresh(): () => Promise<void> {
  const client = useQueryClient();
  return () => client.invalidateQueries({ predicate: ({ queryKey }) => queryKey.includes(SUBSCRIPTIONS) });
}

/** What says to the API whose subscription it is; the account's token is added by the client. */
export function shown(token: string | undefined): { headers: Record<string, string> } {
  return { headers: token ? { Authorization: `Bearer ${token}` } : {} };
}

// What was asked for since the page was loaded, with whole addresses: to ask once more. It is kept nowhere else.
const bodies = new Map<string, FollowRequest>();

/** Ask to follow; `address` as it is shown again. Throws as `unwrap` does. */
export async function follow(body: FollowRequest, address: string, keepTyped: boolean): Promise<void> {
  const { id, confirm, bound } = await unwrap(api.POST("/v1/subscriptions", { body }));
  const { flight, number, origin, destination, date, channel } = body;
  bodies.set(id, body);
  const asked = {
    flight,
    number,
    origin,
    destination,
    date,
    id,
    channel,
    address,
    confirm,
    bound,
    at: Date.now(),
  };
  const typed = keepTyped && typeof body.address === "string" ? body.address : undefined;
  await remember((device) => ({
    ...withAsked(device, asked),
    typed: channel === "email" || channel === "sms" ? { ...device.typed, [channel]: typed } : device.typed,
  }));
}

/** The address as it was typed on this page, to see whether it is right; hidden where the page was loaded anew. */
export function addressOf({ id, address }: Asked): string {
  const typed = bodies.get(id)?.address;
  return typeof typed === "string" ? typed : address;
}

/** What asks once more for what was asked for on this page; undefined where the page was loaded anew. */
export function again({ id, address }: Asked): (() => Promise<void>) | undefined {
  const body = bodies.get(id);
  if (!body) return undefined;
  return async () => {
    const { typed } = await readDevice();
    await follow(body, address, Object.values(typed).includes(String(body.address)));
  };
}

/** Take back, on this device, what was asked for; the API forgets it where nobody confirms. */
export function takeBack(id: string): Promise<void> {
  return remember((device) => withoutAsked(device, [id]));
}

/** Confirm by the code that came; the address may then be managed on this device. Throws as `unwrap` does. */
export async function confirmByCode(id: string, code: string): Promise<void> {
  const { token } = await unwrap(
    api.POST("/v1/subscriptions/{id}/confirmation", { params: { path: { id } }, body: { code } }),
  );
  await keep(token);
  await remember((device) => withoutAsked(device, [id]));
}

/** Keep the token of an address on this device. */
export async function keep(token: string): Promise<void> {
  const { channel, address, subscriptions } = await unwrap(api.GET("/v1/subscriptions", shown(token)));
  const here = channel === "webpush" ? await browsersOwn() : undefined;
  const ids = subscriptions.map(({ id }) => id);
  await remember((device) => withConfirmed(device, { channel, address, token, ids, endpoint: here }));
}

/** Take an address off this device; what it follows goes on. */
export function forget(token: string): Promise<void> {
  return remember((device) => ({
    ...device,
    confirmed: device.confirmed.filter((each) => each.token !== token),
  }));
}

/** Whether what is followed covers a flight: itself, by one of its numbers, or by its route. */
export function covers(
  subject: Subject,
  flight: {
    id: string;
    number: string;
    codeshares: readonly string[];
    origin: string;
    destination?: string | null;
  },
): boolean {
  if (subject.flight) return subject.flight === flight.id;
  if (subject.date?.replaceAll("-", "") !== flight.id.split("-")[1]) return false;
  if (subject.number) return [flight.number, ...flight.codeshares].includes(subject.number);
  return subject.origin === flight.origin && subject.destination === flight.destination;
}

const SUBSCRIPTIONS = "subscriptions";

function keyOf(token: string | undefined): string[] {
  return token ? [SUBSCRIPTIONS, token] : ["mine", SUBSCRIPTIONS];
}

async function held(confirmed: Confirmed | undefined, signal: AbortSignal): Promise<Holder> {
  const token = confirmed?.token;
  try {
    const answer = await unwrap(api.GET("/v1/subscriptions", { ...shown(token), signal }));
    return { ...answer, token, endpoint: confirmed?.endpoint };
  } catch (error) {
    const over = error instanceof ApiProblem && (error.status === 401 || error.status === 404);
    if (token && over) await forget(token);
    throw error;
  }
}

/** What was asked for and is no longer waiting, as one text so that it is the same as long as it says the same. */
function settledOf(asked: readonly Asked[], holders: readonly Holder[]): string {
  const settled = new Set(
    holders.flatMap(({ subscriptions }) =>
      subscriptions.filter(({ status }) => status !== "pending").map(({ id }) => id),
    ),
  );
  return asked
    .map(({ id }) => id)
    .filter((id) => settled.has(id))
    .join(" ");
}

/** The pages behind an email's links lead here with the address's token in the fragment, which goes to no server. */
function useTokenOfLink(): void {
  useEffect(() => {
    const token = new URLSearchParams(location.hash.slice(1)).get("token");
    if (!token) return;
    history.replaceState(history.state, "", location.pathname + location.search);
    keep(token).catch(() => undefined); // one that holds no more leads to nothing, as if it had not been there
  }, []);
}

async function browsersOwn(): Promise<string | undefined> {
  const registration = await navigator.serviceWorker?.getRegistration();
  return (await registration?.pushManager.getSubscription())?.endpoint;
}
