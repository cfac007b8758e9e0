import { useSyncExternalStore } from "react";
import { NoAnswer, problemOf } from "./problems";
import type { AccountLine, TokensAnswer } from "./types";

/**
 * Who uses the app. "unknown": a session may hold, and nobody said yet whether it does; `why`: nobody answered, and
 * `restore` asks again. `over`: there was a session, and it ended otherwise than by logging out in this browser.
 */
export type Session =
  | { state: "unknown"; why?: unknown }
  | { state: "guest"; over?: true }
  | { state: "signed-in"; account: AccountLine; session: string };

// The access token stands in memory alone; the refresh token is a cookie that no script reads. The hint says that there
// may be such a cookie, and of which account, so that who never logged in asks for nothing.
const HINT = "gatecall.signed-in";
const OURS = { "X-Requested-With": "gatecall", "Content-Type": "application/json" };
const EARLY = 30_000; // before an access token runs out another is asked for, so that none does on its way
const ANSWERED_WITHIN = 30_000; // API Gateway answers within 29 seconds, or not at all
const TURN_WITHIN = 10_000; // of a tab, to ask for the next token
const LOST_AFTER = 1_000; // an answer got lost: who asks again within 10 seconds gets the same

/** The account that was logged in when the page was loaded, as far as the device knows. */
export const formerly = hinted();

let token: string | undefined;
let holdsUntil = 0;
let session: Session = formerly ? { state: "unknown" } : { state: "guest" };
let refreshing: Promise<string | undefined> | undefined;
const listeners = new Set<() => void>();

// Tabs follow each other: the cookie is the same for all, and may be another account's by now.
const tabs = typeof BroadcastChannel === "undefined" ? undefined : new BroadcastChannel("gatecall.session");
tabs?.addEventListener("message", ({ data }) => {
  if (data === "ended") become({ state: "guest" });
  else refreshed(token, true).catch(() => undefined);
});

// After a night in the background the token has run out, and the session may be over.
addEventListener("online", wake);
addEventListener("pageshow", wake);
document.addEventListener("visibilitychange", wake);

/** Who uses the app; renders again when that changes. */
export function useSession(): Session {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => session,
  );
}

/** Log in; ends with `useSession` "signed-in". Throws ApiProblem (401: wrong, 429: too often) or NoAnswer. */
export function logIn(email: string, password: string): Promise<AccountLine> {
  return alone(async () => {
    const answer = await post("/v1/sessions", { email, password, cookie: true });
    if (!answer.ok) throw await problemOf(answer);
    const former = session.state === "signed-in" && token ? { id: session.session, token } : undefined;
    const told: TokensAnswer = await answer.json();
    signedIn(told);
    tabs?.postMessage("began");
    // The cookie is the new session's: nobody can go on with the one before.
    if (former) void remove(`/v1/sessions/${former.id}`, former.token).catch(() => undefined);
    return told.account;
  });
}

/** Log out here, on this device. What was shown of the account goes with `guest`. Throws as `logIn` does. */
export function logOut(): Promise<void> {
  return leave("/v1/sessions/current");
}

/** Log out on all devices, here too. */
export function logOutEverywhere(): Promise<void> {
  return leave("/v1/sessions");
}

async function leave(path: string): Promise<void> {
  const holding = await accessToken();
  await alone(async () => {
    const answer = holding ? await remove(path, holding) : undefined;
    if (answer && !answer.ok && answer.status !== 401 && answer.status !== 404) throw await problemOf(answer);
    ended();
  });
}

/** The session is over, by what the person did here: logging out, or deleting the account. */
export function ended(): void {
  become({ state: "guest" });
  tabs?.postMessage("ended");
}

/** The account changed by what the person did here. */
export function accountIs(account: AccountLine): void {
  if (session.state === "signed-in") become({ ...session, account });
}

/** The access token, refreshed where a session may hold and none is here; undefined for a guest. */
export async function accessToken(): Promise<string | undefined> {
  if (session.state === "guest") return undefined;
  return token && Date.now() < holdsUntil ? token : refreshed(token);
}

/**
 * Another access token in the place of one that no longer holds; undefined where the session is over. Who comes late
 * gets the one that is being asked for. `anew`: somebody may have logged in, in another tab.
 */
export function refreshed(old?: string, anew = false): Promise<string | undefined> {
  if (old && token && token !== old) return Promise.resolve(token);
  refreshing ??= alone(() => refresh(anew)).finally(() => {
    refreshing = undefined;
  });
  return refreshing;
}

/** Find out whether a session still holds, where one may; the shell calls it once the page is shown. */
export function restore(): void {
  if (session.state !== "unknown") return;
  refreshed().catch((why: unknown) => {
    if (session.state === "unknown") become({ state: "unknown", why });
  });
}

function wake(): void {
  if (document.visibilityState !== "visible") return;
  if (session.state === "unknown") restore();
  else accessToken().catch(() => undefined);
}

async function refresh(anew: boolean): Promise<string | undefined> {
  if (session.state === "guest" && !anew) return undefined; // logged out while this waited
  const ask = () => post("/v1/sessions/refresh", {});
  const answer = await ask().catch(async (reason: unknown) => {
    if (!navigator.onLine) throw reason;
    await new Promise((go) => setTimeout(go, LOST_AFTER));
    return ask();
  });
  if (answer.ok) {
    signedIn(await answer.json());
    return token;
  }
  if (answer.status !== 401) throw await problemOf(answer);
  if (session.state !== "guest") become({ state: "guest", over: true });
  return undefined;
}

/**
 * One at a time over all tabs, so that each goes on with the cookie the one before was given; but a tab that hangs, or
 * that the browser froze, holds up no other for long. (Where there are no locks, the page is not from https or
 * localhost, and such a cookie is not kept either.)
 */
async function alone<T>(task: () => Promise<T>): Promise<T> {
  if (!navigator.locks) return task();
  let begun = false;
  const begin = () => {
    begun = true;
    return task();
  };
  try {
    return await navigator.locks.request(
      "gatecall.session",
      { signal: AbortSignal.timeout(TURN_WITHIN) },
      begin,
    );
  } catch (reason) {
    if (begun) throw reason;
    return task();
  }
}

// `keepalive`: its answer sets the cookie even where the page is left meanwhile.
function post(path: string, body: unknown): Promise<Response> {
  return answered(path, { method: "POST", headers: OURS, body: JSON.stringify(body), keepalive: true });
}

function remove(path: string, holding: string): Promise<Response> {
  return answered(path, { method: "DELETE", headers: { Authorization: `Bearer ${holding}` } });
}

async function answered(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, { ...init, signal: AbortSignal.timeout(ANSWERED_WITHIN) });
  } catch (reason) {
    throw new NoAnswer("no answer", { cause: reason });
  }
}

function signedIn(told: TokensAnswer): void {
  token = told.access_token;
  holdsUntil = Date.now() + told.expires_in * 1000 - EARLY;
  become({ state: "signed-in", account: told.account, session: told.session });
}

function become(next: Session): void {
  session = next;
  if (next.state === "guest") token = undefined;
  try {
    if (next.state === "guest") localStorage.removeItem(HINT);
    else if (next.state === "signed-in") localStorage.setItem(HINT, next.account.id);
  } catch {
    // A browser that keeps nothing: the session lasts as long as the page.
  }
  for (const listener of listeners) listener();
}

function hinted(): string | null {
  try {
    return localStorage.getItem(HINT);
  } catch {
    return null;
  }
}
