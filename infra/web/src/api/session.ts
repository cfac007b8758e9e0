import { useSyncExternalStore } from "react";
import { NoAnswer, problemOf } from "./problems";
import type { AccountLine, TokensAnswer } from "./types";

/** Who uses the app. "unknown" only until the first answer, where a session may still hold. */
export type Session =
  | { state: "unknown" }
  | { state: "guest" }
  | { state: "signed-in"; account: AccountLine; session: string };

// The access token stands in memory alone; the refresh token is a cookie that no script reads. The hint says that there
// may be such a cookie, so that who never logged in asks for nothing.
const HINT = "gatecall.signed-in";
const OURS = { "X-Requested-With": "gatecall", "Content-Type": "application/json" };

let token: string | undefined;
let session: Session = hinted() ? { state: "unknown" } : { state: "guest" };
let refreshing: Promise<string | undefined> | undefined;
const listeners = new Set<() => void>();
const tabs = typeof BroadcastChannel === "undefined" ? undefined : new BroadcastChannel("gatecall.session");
tabs?.addEventListener("message", ({ data }) => {
  if (data === "ended") become({ state: "guest" });
  else if (session.state !== "signed-in") void refreshed();
});

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
export async function logIn(email: string, password: string): Promise<AccountLine> {
  const answer = await post("/v1/sessions", { email, password, cookie: true });
  if (!answer.ok) throw await problemOf(answer);
  const told: TokensAnswer = await answer.json();
  signedIn(told);
  tabs?.postMessage("began");
  return told.account;
}

/** Log out here, on this device. What was shown of the account goes with `guest`. */
export async function logOut(): Promise<void> {
  const holding = await accessToken();
  if (holding) {
    const answer = await fetch("/v1/sessions/current", {
      method: "DELETE",
      headers: { Authorization: `Bearer ${holding}` },
    }).catch(() => undefined);
    if (!answer) throw new NoAnswer("no answer");
  }
  ended();
}

/** The session is over: the API ended it, by a new password, log-out everywhere or deletion. */
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
  return token ?? (session.state === "guest" ? undefined : refreshed());
}

/** Another access token in the place of one that no longer holds; undefined where the session is over. */
export function refreshed(old?: string): Promise<string | undefined> {
  if (old && token && token !== old) return Promise.resolve(token);
  refreshing ??= refresh().finally(() => {
    refreshing = undefined;
  });
  return refreshing;
}

async function refresh(): Promise<string | undefined> {
  const answer = await post("/v1/sessions/refresh", {});
  if (answer.ok) {
    signedIn(await answer.json());
    return token;
  }
  if (answer.status === 401 || answer.status === 403) {
    become({ state: "guest" });
    return undefined;
  }
  throw await problemOf(answer);
}

async function post(path: string, body: unknown): Promise<Response> {
  try {
    return await fetch(path, { method: "POST", headers: OURS, body: JSON.stringify(body) });
  } catch (reason) {
    throw new NoAnswer("no answer", { cause: reason });
  }
}

function signedIn(told: TokensAnswer): void {
  token = told.access_token;
  become({ state: "signed-in", account: told.account, session: told.session });
}

function become(next: Session): void {
  session = next;
  if (next.state === "guest") token = undefined;
  try {
    if (next.state === "guest") localStorage.removeItem(HINT);
    else localStorage.setItem(HINT, "yes");
  } catch {
    // A browser that keeps nothing: the session lasts as long as the page.
  }
  for (const listener of listeners) listener();
}

function hinted(): boolean {
  try {
    return localStorage.getItem(HINT) !== null;
  } catch {
    return false;
  }
}

/** Find out whether a session still holds, where one may; the shell calls it once the page is shown. */
export function restore(): void {
  if (session.state === "unknown") refreshed().catch(() => undefined); // offline: it stays unknown, and is asked again
}
