import { i18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, createRootRoute, createRouter, RouterProvider } from "@tanstack/react-router";
import { render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, test, vi } from "vitest";
import type { Flight } from "../live/merge";
import { readDevice } from "./device";
import { FollowPanel } from "./FollowPanel";
import { forget } from "./following";

const kept = vi.hoisted(() => new Map<string, unknown>());
vi.mock("idb-keyval", () => ({
  get: async (key: string) => kept.get(key),
  update: async (key: string, change: (value: unknown) => unknown) => kept.set(key, change(kept.get(key))),
}));

const FLIGHT = {
  id: "UA1545-20260710-EWR",
  version: 3,
  number: "UA1545",
  codeshares: [],
  phase: "scheduled",
  departure: { airport: "EWR", zone: "America/New_York", expected_out: "2199-07-10T21:10:00Z" },
  arrival: { airport: "IAH", zone: "America/Chicago" },
} as unknown as Flight;
const RULE = { language: "en", zone: "UTC", tell: ["gate"], first_delay: 15, further: 10, quiet: null };
const LINE = { id: "s1", flight: FLIGHT.id, date: "2026-07-10", status: "active", ...RULE };

type Call = { method: string; path: string; body: unknown; authorization: string | null };
let calls: Call[] = [];
let answers: Record<string, () => Response> = {};

beforeEach(() => {
  kept.clear();
  calls = [];
  answers = {};
  vi.stubGlobal("fetch", async (request: Request) => {
    const { pathname } = new URL(request.url);
    const body: unknown =
      request.method === "GET"
        ? undefined
        : await request
            .clone()
            .json()
            .catch(() => undefined);
    const authorization = request.headers.get("Authorization");
    calls.push({ method: request.method, path: pathname, body, authorization });
    const answer = answers[`${request.method} ${pathname}`];
    return answer ? answer() : json(404, { title: "Not found", detail: "not found" });
  });
});

function json(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "Content-Type": "application/json", ...headers },
  });
}

async function show(flight: Flight = FLIGHT) {
  await readDevice(); // anew, as when the page is loaded
  const routeTree = createRootRoute({ component: () => <FollowPanel flight={flight} /> });
  const router = createRouter({ routeTree, history: createMemoryHistory() });
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(
    <I18nProvider i18n={i18n}>
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </I18nProvider>,
  );
  await screen.findByRole("heading", { level: 2 });
  return Object.assign(userEvent.setup(), { client });
}

const accepted = (confirm: "link" | "code") => () =>
  json(202, { id: "s1", status: "pending", confirm, bound: true, flights: [] });
const posted = () =>
  calls.find(({ method, path }) => method === "POST" && path === "/v1/subscriptions")?.body;

test("an address and Follow, and a link is on its way: in the app's language, by the browser's clocks", async () => {
  answers["POST /v1/subscriptions"] = accepted("link");
  const user = await show();
  await user.type(await screen.findByRole("textbox", { name: "Email address" }), "ada@example.com");
  await user.click(screen.getByRole("button", { name: "Follow" }));
  expect(await screen.findByRole("heading", { name: "Open the link we sent" })).toBe(document.activeElement);
  expect(screen.getByText("ada@example.com")).toBeTruthy(); // whole, to see whether it is right
  expect(posted()).toMatchObject({
    flight: FLIGHT.id,
    channel: "email",
    address: "ada@example.com",
    language: "en",
    zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    tell: ["cancellation", "diversion", "time", "gate", "reminder"],
    first_delay: 15,
    further: 10,
    quiet: null,
  });
});

test("an address is remembered on the device where that is wished, and not otherwise", async () => {
  answers["POST /v1/subscriptions"] = accepted("link");
  const user = await show();
  await user.type(await screen.findByRole("textbox", { name: "Email address" }), "ada@example.com");
  await user.click(screen.getByRole("button", { name: "Follow" }));
  await screen.findByRole("heading", { name: "Open the link we sent" });
  expect(JSON.stringify([...kept])).not.toContain("ada@example.com");

  await user.click(screen.getByRole("button", { name: "Start over" }));
  await user.type(await screen.findByRole("textbox", { name: "Email address" }), "ada@example.com");
  await user.click(screen.getByRole("checkbox", { name: "Remember it on this device" }));
  await user.click(screen.getByRole("button", { name: "Follow" }));
  await screen.findByRole("heading", { name: "Open the link we sent" });
  expect(kept.get("gatecall.following")).toMatchObject({ typed: { email: "ada@example.com" } });
});

test("the six digits of an SMS confirm, and this device may then change what is told", async () => {
  answers["POST /v1/subscriptions"] = accepted("code");
  answers["POST /v1/subscriptions/s1/confirmation"] = () => json(200, { status: "confirmed", token: "mine" });
  answers["GET /v1/subscriptions"] = () =>
    json(200, { channel: "sms", address: "+1…23", subscriptions: [LINE] });
  const user = await show();
  await user.click(await screen.findByRole("radio", { name: "SMS" }));
  await user.type(screen.getByRole("textbox", { name: "Mobile number" }), "+12025550123");
  await user.click(screen.getByRole("button", { name: "Follow" }));
  await user.type(await screen.findByRole("textbox", { name: "Code of six digits" }), "012345");
  await user.click(screen.getByRole("button", { name: "Confirm" }));
  expect(await screen.findByRole("heading", { name: "You follow this flight" })).toBeTruthy();
  expect(calls.find(({ path }) => path.endsWith("/confirmation"))?.body).toEqual({ code: "012345" });
  expect(calls.filter(({ method }) => method === "GET").at(-1)?.authorization).toBe("Bearer mine");
  expect(kept.get("gatecall.following")).toMatchObject({ confirmed: [{ token: "mine" }], asked: [] });
});

test("a wrong code is said at its field", async () => {
  answers["POST /v1/subscriptions"] = accepted("code");
  answers["POST /v1/subscriptions/s1/confirmation"] = () =>
    json(400, { title: "Invalid", detail: "no", errors: [{ in: "body", name: "code", detail: "is wrong" }] });
  const user = await show();
  await user.click(await screen.findByRole("radio", { name: "SMS" }));
  await user.type(screen.getByRole("textbox", { name: "Mobile number" }), "+12025550123");
  await user.click(screen.getByRole("button", { name: "Follow" }));
  const code = await screen.findByRole("textbox", { name: "Code of six digits" });
  await user.type(code, "111111");
  await user.click(screen.getByRole("button", { name: "Confirm" }));
  expect(await screen.findByText(/This code is wrong or too old/)).toBeTruthy();
  expect(code.getAttribute("aria-invalid")).toBe("true");
});

test("an address that the API refuses is said at its field; what has no field, above the form", async () => {
  const refused = (name: string, detail: string) => () =>
    json(400, {
      title: "Invalid",
      detail: `this can't be followed: ${detail}`,
      errors: [{ in: "body", name, detail }],
    });
  answers["POST /v1/subscriptions"] = refused("address", "is no email address");
  const user = await show();
  const address = await screen.findByRole("textbox", { name: "Email address" });
  await user.type(address, "ada@example.com");
  await user.click(screen.getByRole("button", { name: "Follow" }));
  expect(await screen.findByText(/This is not an email address/)).toBeTruthy();
  expect(address.getAttribute("aria-invalid")).toBe("true");

  answers["POST /v1/subscriptions"] = refused("flight", "has arrived already");
  await user.type(address, "x");
  await user.click(screen.getByRole("button", { name: "Follow" }));
  expect((await screen.findByRole("alert")).textContent).toContain("has arrived already");
});

test("asked too often: it says when to try again", async () => {
  answers["POST /v1/subscriptions"] = () =>
    json(429, { title: "Too many", detail: "" }, { "Retry-After": "600" });
  const user = await show();
  await user.type(await screen.findByRole("textbox", { name: "Email address" }), "ada@example.com");
  await user.click(screen.getByRole("button", { name: "Follow" }));
  expect((await screen.findByRole("alert")).textContent).toContain("in 10 minutes");
});

test("what is chosen is told in the sentence, and asked for", async () => {
  answers["POST /v1/subscriptions"] = accepted("link");
  const user = await show();
  await user.type(await screen.findByRole("textbox", { name: "Email address" }), "ada@example.com");
  await user.click(screen.getByText("Choose what you are told"));
  await user.click(screen.getByRole("checkbox", { name: "Baggage belt" }));
  const minutes = screen.getByRole("spinbutton", { name: "Tell me of a delay from" });
  await user.clear(minutes);
  await user.type(minutes, "45");
  expect(screen.getByText(/delays of 45 minutes or more.*baggage belt/)).toBeTruthy();
  await user.click(screen.getByRole("checkbox", { name: "Send what can wait afterwards" }));
  await user.click(screen.getByRole("button", { name: "Follow" }));
  await screen.findByRole("heading", { name: "Open the link we sent" });
  expect(posted()).toMatchObject({ first_delay: 45, quiet: { from: "22:00", to: "07:00" } });
  expect(posted()).toHaveProperty("tell", expect.arrayContaining(["belt"]));
});

test.each([
  ["landed", "2199-07-10T21:10:00Z", /has arrived/],
  ["airborne", "2020-07-10T21:10:00Z", /left more than a day ago/],
])("a flight that is over (%s) can't be followed, and it says why", async (phase, expected_out, why) => {
  await show({ ...FLIGHT, phase, departure: { ...FLIGHT.departure, expected_out } } as Flight);
  expect(screen.getByText(why)).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Follow" })).toBeNull();
});

test("what this device follows already is shown, and can be stopped", async () => {
  kept.set("gatecall.following", {
    confirmed: [{ channel: "email", address: "a…@example.com", token: "mine", ids: ["s1"] }],
    asked: [],
    typed: {},
  });
  let line = LINE;
  answers["GET /v1/subscriptions"] = () =>
    json(200, { channel: "email", address: "a…@example.com", subscriptions: [line] });
  answers["DELETE /v1/subscriptions/s1"] = () => {
    line = { ...LINE, status: "stopped" };
    return new Response(null, { status: 204 });
  };
  const user = await show();
  expect(await screen.findByRole("heading", { name: "You follow this flight" })).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Stop" }));
  await user.click(await screen.findByRole("button", { name: "Stop" }));
  expect(await screen.findByRole("heading", { name: "Follow this flight" })).toBeTruthy();
  expect(calls.find(({ method }) => method === "DELETE")?.authorization).toBe("Bearer mine");
});

test("an address that is taken off this device leaves nothing of what it follows here", async () => {
  kept.set("gatecall.following", {
    confirmed: [{ channel: "email", address: "a…@example.com", token: "mine", ids: ["s1"] }],
    asked: [],
    typed: {},
  });
  answers["GET /v1/subscriptions"] = () =>
    json(200, { channel: "email", address: "a…@example.com", subscriptions: [LINE] });
  const { client } = await show();
  const seen = () =>
    JSON.stringify(
      client
        .getQueryCache()
        .getAll()
        .map(({ queryKey, state }) => [queryKey, state.data]),
    );
  await waitFor(() => expect(seen()).toContain("a…@example.com"));
  await forget("mine");
  await waitFor(() => expect(seen()).not.toContain("a…@example.com"));
});

test("what was sent is told in plain words, and what came of it", async () => {
  kept.set("gatecall.following", {
    confirmed: [{ channel: "email", address: "a…@example.com", token: "mine", ids: ["s1"] }],
    asked: [],
    typed: {},
  });
  const sent = { flight: FLIGHT.id, version: 4, at: "2026-07-10T20:00:00Z", channel: "email" };
  answers["GET /v1/subscriptions"] = () =>
    json(200, { channel: "email", address: "a…@example.com", subscriptions: [LINE] });
  answers["GET /v1/subscriptions/s1/deliveries"] = () =>
    json(200, {
      deliveries: [
        { ...sent, matters: ["delayed", "gate"], outcome: "accepted" },
        { ...sent, version: 3, matters: ["a-new-one"], outcome: "refused", reason: "mailbox full" },
      ],
    });
  const user = await show();
  await user.click(await screen.findByText("What was sent"));
  const [first, second] = await screen.findAllByRole("listitem");
  expect(first?.textContent).toContain("Later, Gate");
  expect(first?.textContent).toContain("Sent");
  expect(second?.textContent).toContain("a-new-one");
  expect(second?.textContent).toContain("mailbox full");
});

// What a browser has for push, as far as the page uses it.
function browser(permission: NotificationPermission) {
  const said: { show: ReturnType<typeof vi.fn>; code?: (code: string) => void } = {
    show: vi.fn(async () => undefined),
  };
  let there: unknown = null;
  const subscription = {
    endpoint: "https://push.example/1",
    toJSON: () => ({ endpoint: "https://push.example/1", keys: { p256dh: "p", auth: "a" } }),
    unsubscribe: vi.fn(async () => true),
  };
  const pushManager = {
    getSubscription: async () => there,
    subscribe: vi.fn(async () => {
      there = subscription;
      return subscription;
    }),
  };
  const registration = { pushManager, showNotification: said.show };
  const hearers: ((event: unknown) => void)[] = [];
  vi.stubGlobal("Notification", { permission: "default", requestPermission: vi.fn(async () => permission) });
  vi.stubGlobal("PushManager", class {});
  Object.defineProperty(navigator, "serviceWorker", {
    configurable: true,
    value: {
      ready: Promise.resolve(registration),
      getRegistration: async () => registration,
      addEventListener: (_: string, hearer: (event: unknown) => void) => hearers.push(hearer),
    },
  });
  const hear = (code: string) => {
    for (const hearer of hearers) hearer({ data: { type: "confirm", subscription: "s1", code } });
  };
  return { pushManager, hear, show: said.show };
}

test("a browser allows, and its service worker brings the code: that is all", async () => {
  const { pushManager, hear, show: shows } = browser("granted");
  answers["GET /v1/webpush/key"] = () => json(200, { key: "KEY" });
  answers["POST /v1/subscriptions"] = () => {
    hear("012345"); // it may come before the answer
    return accepted("code")();
  };
  answers["POST /v1/subscriptions/s1/confirmation"] = () => json(200, { status: "confirmed", token: "mine" });
  answers["GET /v1/subscriptions"] = () =>
    json(200, { channel: "webpush", address: "", subscriptions: [LINE] });
  const user = await show();
  await user.click(await screen.findByRole("radio", { name: "Browser" }));
  await user.click(screen.getByRole("button", { name: "Follow" }));
  expect(await screen.findByRole("heading", { name: "You follow this flight" })).toBeTruthy();
  expect(pushManager.subscribe).toHaveBeenCalledWith({ userVisibleOnly: true, applicationServerKey: "KEY" });
  expect(posted()).toMatchObject({ channel: "webpush", address: { keys: { p256dh: "p", auth: "a" } } });
  await waitFor(() => expect(shows).toHaveBeenCalledWith("You follow this flight", expect.anything()));
  expect(kept.get("gatecall.following")).toMatchObject({
    confirmed: [{ token: "mine", endpoint: "https://push.example/1" }],
  });
});

test.each([
  ["denied" as const, /This browser blocks notifications/],
  ["default" as const, /closed without an answer/],
])(
  "a browser that does not allow (%s): it says what to do, and asks for nothing",
  async (permission, says) => {
    browser(permission);
    const user = await show();
    await user.click(await screen.findByRole("radio", { name: "Browser" }));
    await user.click(screen.getByRole("button", { name: "Follow" }));
    expect(await screen.findByText(says)).toBeTruthy();
    expect(posted()).toBeUndefined();
  },
);

test("a browser without push says so before anything is asked; email and SMS are there", async () => {
  Reflect.deleteProperty(navigator, "serviceWorker");
  const user = await show();
  await user.click(await screen.findByRole("radio", { name: "Browser" }));
  expect(screen.getByText(/This browser can’t receive messages/)).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Follow" })).toBeNull();
  await user.click(screen.getByRole("radio", { name: "Email" }));
  expect(screen.getByRole("button", { name: "Follow" })).toBeTruthy();
});
