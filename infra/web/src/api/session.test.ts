import { act, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

const ACCOUNT = {
  id: "a1",
  email: "ada@example.com",
  role: "passenger",
  airlines: [],
  airports: [],
  language: "en",
  disabled: false,
  created_at: "2026-11-21T12:00:00Z",
};

/** The API: answers that stand in a row for each route, the last of them for ever; and what was asked. */
const asked: { path: string; bearer: string | null; body: unknown }[] = [];
const closing: (() => void)[] = []; // what a tab listens to goes with it
let answers: Record<string, (() => Response | Promise<Response>)[]>;

beforeEach(() => {
  vi.resetModules();
  vi.useFakeTimers({ toFake: ["Date"] });
  asked.length = 0;
  answers = {};
  localStorage.clear();
  vi.stubGlobal("BroadcastChannel", Tabs);
  for (const target of [document, window]) {
    const listen = target.addEventListener.bind(target);
    vi.spyOn(target, "addEventListener").mockImplementation(
      (type: string, listener: EventListenerOrEventListenerObject) => {
        listen(type, listener);
        closing.push(() => target.removeEventListener(type, listener));
      },
    );
  }
  vi.stubGlobal("fetch", async (about: Request | string, init?: RequestInit) => {
    const request = new Request(new URL(typeof about === "string" ? about : about.url, location.href), {
      ...(typeof about === "string" ? init : { method: about.method, headers: about.headers }),
    });
    const path = `${request.method} ${new URL(request.url).pathname}`;
    const text = await request.text();
    asked.push({
      path,
      bearer: request.headers.get("Authorization"),
      body: text ? JSON.parse(text) : undefined,
    });
    const row = answers[path] ?? [];
    const answer = row.length > 1 ? row.shift() : row[0];
    if (!answer) throw new TypeError(`nobody answers ${path}`);
    return answer();
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  Tabs.open.clear();
  for (const close of closing.splice(0)) close();
});

/** Browser tabs hear each other, and not themselves. */
class Tabs extends EventTarget {
  static open = new Set<Tabs>();

  constructor() {
    super();
    Tabs.open.add(this);
  }

  postMessage(data: unknown) {
    for (const tab of Tabs.open) if (tab !== this) tab.dispatchEvent(new MessageEvent("message", { data }));
  }
}

const json =
  (body: unknown, status = 200) =>
  () =>
    new Response(JSON.stringify(body), { status });
const tokens = (name: string, account = ACCOUNT) =>
  json({
    access_token: name,
    token_type: "Bearer",
    expires_in: 900,
    session: `session-of-${account.id}`,
    account,
  });
const refused = (status: number, detail = "no") => json({ title: "Refused", status, detail }, status);
const lost = () => Promise.reject(new TypeError("Failed to fetch"));
const times = (path: string) => asked.filter((each) => each.path === path).length;

const REFRESH = "POST /v1/sessions/refresh";
const MINE = "GET /v1/accounts/me";

/** A tab of the app, with modules of its own; `hinted`: somebody had logged in in this browser. */
async function tab({ hinted = true } = {}) {
  if (hinted) localStorage.setItem("gatecall.signed-in", "yes");
  vi.resetModules();
  const session = await import("./session");
  const client = await import("./client");
  const problems = await import("./problems");
  const { result } = renderHook(session.useSession);
  const me = () => client.unwrap(client.api.GET("/v1/accounts/me"));
  return { ...session, ...problems, me, now: () => result.current };
}

it("asks for one access token, whoever many need one at once", async () => {
  answers = { [REFRESH]: [tokens("one")], [MINE]: [json(ACCOUNT)] };
  const { me } = await tab();
  await act(() => Promise.all([me(), me(), me()]));
  expect(times(REFRESH)).toBe(1);
  expect(asked.filter(({ path }) => path === MINE).map(({ bearer }) => bearer)).toEqual(
    Array(3).fill("Bearer one"),
  );
});

it("asks nobody who never logged in", async () => {
  answers = { [MINE]: [refused(401)] };
  const { me, restore, ApiProblem } = await tab({ hinted: false });
  restore();
  await expect(me()).rejects.toBeInstanceOf(ApiProblem);
  expect(times(REFRESH)).toBe(0);
});

it("asks once more with another token where one no longer holds, and not a third time", async () => {
  answers = {
    [REFRESH]: [tokens("one"), tokens("two")],
    [MINE]: [refused(401, "holds no more"), json(ACCOUNT)],
  };
  const { me } = await tab();
  await act(me);
  expect(asked.map(({ bearer }) => bearer)).toEqual([null, "Bearer one", null, "Bearer two"]);

  answers[MINE] = [refused(401, "another login")];
  await act(() => expect(me()).rejects.toThrow("another login"));
  expect(times(MINE)).toBe(4);
});

it("asks for another token before one runs out, as after a night", async () => {
  answers = { [REFRESH]: [tokens("one"), tokens("two")], [MINE]: [json(ACCOUNT)] };
  const { me } = await tab();
  await act(me);
  vi.setSystemTime(Date.now() + 8 * 3_600_000);
  await act(async () => {
    document.dispatchEvent(new Event("visibilitychange"));
    await vi.waitFor(() => expect(times(REFRESH)).toBe(2));
  });
  await act(me);
  expect(asked.at(-1)?.bearer).toBe("Bearer two");
});

it("knows a guest who was logged out elsewhere, and says that it is over", async () => {
  answers = { [REFRESH]: [tokens("one"), refused(401)], [MINE]: [refused(401)] };
  const { me, now } = await tab();
  await act(() => expect(me()).rejects.toMatchObject({ status: 401 }));
  expect(now()).toEqual({ state: "guest", over: true });
  expect(localStorage.getItem("gatecall.signed-in")).toBeNull();
});

it("does not know who it is without a network, and finds out once it is back", async () => {
  answers = { [REFRESH]: [lost, lost, tokens("one")] };
  vi.spyOn(navigator, "onLine", "get").mockReturnValue(false);
  const { restore, now, NoAnswer } = await tab();
  await act(async () => {
    restore();
    await vi.waitFor(() => expect(now()).toMatchObject({ state: "unknown", why: expect.any(NoAnswer) }));
  });
  answers[REFRESH] = [tokens("one")];
  await act(async () => {
    window.dispatchEvent(new Event("online"));
    await vi.waitFor(() => expect(now()).toMatchObject({ state: "signed-in" }));
  });
});

it("asks again at once where the answer got lost, while the same is given again", async () => {
  answers = { [REFRESH]: [lost, tokens("one")] };
  const { accessToken } = await tab();
  expect(await act(accessToken)).toBe("one");
  expect(times(REFRESH)).toBe(2);
});

it("keeps a session where the API is not well", async () => {
  answers = { [REFRESH]: [refused(503)] };
  const { restore, now } = await tab();
  await act(async () => {
    restore();
    await vi.waitFor(() => expect(now()).toMatchObject({ state: "unknown", why: { status: 503 } }));
  });
  expect(localStorage.getItem("gatecall.signed-in")).toBe("yes");
});

it("lets the tabs follow who logs in and out, also to another account", async () => {
  const bob = { ...ACCOUNT, id: "b2", email: "bob@example.com" };
  answers = {
    "POST /v1/sessions": [tokens("one"), tokens("bobs", bob)],
    [REFRESH]: [tokens("two"), tokens("bobs-too", bob)],
    "DELETE /v1/sessions/current": [() => new Response(null, { status: 204 })],
    "DELETE /v1/sessions/session-of-a1": [() => new Response(null, { status: 204 })],
  };
  const here = await tab({ hinted: false });
  const there = await tab({ hinted: false });
  await act(() => here.logIn("ada@example.com", "a tram to the harbour"));
  await vi.waitFor(() => expect(there.now()).toMatchObject({ state: "signed-in", account: { id: "a1" } }));
  await act(() => here.logIn("bob@example.com", "a tram to the harbour"));
  await vi.waitFor(() => expect(there.now()).toMatchObject({ account: { id: "b2" } }));
  expect(asked).toContainEqual({
    path: "DELETE /v1/sessions/session-of-a1",
    bearer: "Bearer one",
    body: undefined,
  });
  await act(there.logOut);
  expect(here.now()).toEqual({ state: "guest" });
});

it("refreshes one tab at a time", async () => {
  let last: Promise<unknown> = Promise.resolve();
  let most = 0;
  let at_once = 0;
  const locks = {
    request: (_: string, __: LockOptions, task: () => Promise<unknown>) => {
      last = last.then(task, task);
      return last;
    },
  };
  Object.defineProperty(navigator, "locks", { value: locks, configurable: true });
  closing.push(() => Reflect.deleteProperty(navigator, "locks"));
  const slowly = (name: string) => async () => {
    most = Math.max(most, ++at_once);
    await new Promise((go) => setTimeout(go, 5));
    at_once--;
    return tokens(name)();
  };
  answers = { [REFRESH]: [slowly("one"), slowly("two")] };
  const [here, there] = [await tab(), await tab()];
  await act(async () =>
    expect(await Promise.all([here.accessToken(), there.accessToken()])).toEqual(["one", "two"]),
  );
  expect(most).toBe(1);
});

it("waits no longer than its turn may take for a tab that hangs", async () => {
  const locks = { request: () => Promise.reject(new DOMException("its turn did not come", "TimeoutError")) };
  Object.defineProperty(navigator, "locks", { value: locks, configurable: true });
  closing.push(() => Reflect.deleteProperty(navigator, "locks"));
  answers = { [REFRESH]: [tokens("one")] };
  const { accessToken } = await tab();
  await act(async () => expect(await accessToken()).toBe("one"));
});

it("stays logged in where logging out did not go through, and says so", async () => {
  answers = { [REFRESH]: [tokens("one")], "DELETE /v1/sessions/current": [refused(503, "later")] };
  const { logOut, now } = await tab();
  await act(() => expect(logOut()).rejects.toMatchObject({ status: 503 }));
  expect(now()).toMatchObject({ state: "signed-in" });
});

it("reads what is the same for all without saying who asks", async () => {
  answers = { "GET /v1/airports": [json({ airports: [] })] };
  await tab();
  const { api, unwrap } = await import("./client");
  await unwrap(api.GET("/v1/airports"));
  expect(asked).toEqual([{ path: "GET /v1/airports", bearer: null, body: undefined }]);
});

it("throws what the API refuses, with the fields, and when to ask again", async () => {
  const body = {
    title: "Bad Request",
    status: 400,
    detail: "all of it",
    errors: [{ in: "body", name: "email", detail: "is none" }],
  };
  answers = {
    [MINE]: [() => new Response(JSON.stringify(body), { status: 400, headers: { "Retry-After": "30" } })],
  };
  const { me } = await tab({ hinted: false });
  await expect(me()).rejects.toMatchObject({
    status: 400,
    detail: "all of it",
    errors: body.errors,
    retryAfter: 30,
  });
});
