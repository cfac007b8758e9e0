import { i18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  Outlet,
  RouterProvider,
} from "@tanstack/react-router";
import { act, configure, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { ReactNode } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ended, logIn } from "../api/session";
import { namesIn } from "./agent";
import { ForgotPage } from "./ForgotPage";
import { LogInPage } from "./LogInPage";
import { ProfilePage } from "./ProfilePage";
import { RegisterPage } from "./RegisterPage";

const ADA = {
  id: "a1",
  email: "ada@example.com",
  role: "passenger",
  airlines: [],
  airports: [],
  language: "en",
  disabled: false,
  created_at: "2026-01-21T12:00:00Z",
};
const ME = { ...ADA, consent: { version: "2026-11b", at: "2026-01-21T12:00:00Z", holds: true } };
const CONSENT = {
  version: "2026-11b",
  language: "en",
  text: "We keep your address.\n\nFor every login we keep it.",
};
const TOKENS = { access_token: "one", token_type: "Bearer", expires_in: 900, session: "s1", account: ADA };
const IPHONE =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1";
const SESSION = {
  id: "s1",
  current: true,
  logged_in_at: "2026-01-21T12:00:00Z",
  used_at: "2026-01-21T12:00:00Z",
  expires: "2026-02-21T12:00:00Z",
  client: "192.0.2.1",
  agent: "curl/8.1",
};

/** What the API answers to each request, and what it was asked. */
let answers: Record<string, () => Response>;
const asked: { path: string; body: unknown }[] = [];
const json =
  (body: unknown, status = 200) =>
  () =>
    new Response(JSON.stringify(body), { status });
const done = () => new Response(null, { status: 204 });
const problem =
  (status: number, fields: Record<string, string> = {}, after?: number) =>
  () =>
    new Response(
      JSON.stringify({
        title: "No",
        status,
        detail: "the API’s own words",
        errors: Object.entries(fields).map(([name, detail]) => ({ in: "body", name, detail })),
      }),
      { status, headers: after ? { "Retry-After": String(after) } : {} },
    );

configure({ asyncUtilTimeout: 10_000 }); // roles of a whole page are slow to find on a busy machine

// What jsdom lacks: dialogs escape a selector, the router scrolls.

beforeEach(() => {
  asked.length = 0;
  answers = {
    "GET /v1/consent": json(CONSENT),
    "GET /v1/accounts/me": json(ME),
    "GET /v1/sessions": json({
      sessions: [SESSION, { ...SESSION, id: "s2", current: false, agent: IPHONE }],
    }),
    "POST /v1/sessions": json(TOKENS, 201),
    "POST /v1/sessions/refresh": json(TOKENS),
    "DELETE /v1/sessions/s1": done,
  };
  vi.stubGlobal("fetch", async (about: Request | string, init?: RequestInit) => {
    const { method, url } = typeof about === "string" ? { method: init?.method ?? "GET", url: about } : about;
    const path = `${method} ${new URL(url, location.href).pathname}`;
    const text = typeof about === "string" ? String(init?.body ?? "") : await about.text();
    asked.push({ path, body: text ? JSON.parse(text) : undefined });
    const answer = answers[path];
    if (!answer) throw new TypeError(`nobody answers ${path}`);
    return answer();
  });
});

afterEach(() => {
  act(ended);
});

/** A page of the app at an address, as somebody who is not logged in, or is. */
async function open(path: string, Component: () => ReactNode, { known = false } = {}) {
  if (known) await logIn(ADA.email, "a tram to the harbour");
  asked.length = 0;
  const root = createRootRoute({ component: Outlet });
  const at = (path: string, component: () => ReactNode) =>
    createRoute({ getParentRoute: () => root, path, component, validateSearch: (search) => search });
  const Elsewhere = () => <h1>Elsewhere</h1>;
  const pages = ["/login", "/register", "/forgot", "/profile", "/", "/following"].map((each) =>
    at(each, path.startsWith(`${each}?`) || path === each ? Component : Elsewhere),
  );
  const router = createRouter({
    routeTree: root.addChildren(pages),
    history: createMemoryHistory({ initialEntries: [path] }),
  });
  render(
    <I18nProvider i18n={i18n}>
      <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </I18nProvider>,
  );
  return { router, user: userEvent.setup({ delay: null }) };
}

async function write(user: ReturnType<typeof userEvent.setup>, field: Element, text: string) {
  await user.click(field);
  await user.paste(text);
}

const bodyOf = (path: string) => asked.find((each) => each.path === path)?.body;
const button = (name: string | RegExp) => screen.findByRole("button", { name });

describe("registering", () => {
  it("says what one agrees to, asks for it, and says the same whether or not the address is known", async () => {
    answers["POST /v1/accounts"] = json({ status: "accepted" }, 202);
    const { user } = await open("/register", RegisterPage);
    await user.click(await button("Create an account"));
    expect(await screen.findByText("This is missing.")).toBeTruthy();
    expect(screen.getByText("Tick this to go on.")).toBeTruthy();
    expect(screen.getByText("For every login we keep it.")).toBeTruthy();
    await write(user, screen.getByLabelText("Email address"), ADA.email);
    await user.click(screen.getByRole("checkbox"));
    await user.click(await button("Create an account"));
    expect(await screen.findByText(/We have sent a letter to/)).toBeTruthy();
    expect(bodyOf("POST /v1/accounts")).toEqual({ email: ADA.email, consent: "2026-11b", language: "en" });
    expect(document.activeElement?.textContent).toBe("A letter is on its way");
  });

  it("says at its field, in the app’s language, what the API refuses", async () => {
    answers["POST /v1/accounts"] = problem(400, { email: "is no email address" });
    const { user } = await open("/register", RegisterPage);
    await write(user, await screen.findByLabelText("Email address"), "ada@example");
    await user.click(screen.getByRole("checkbox"));
    await user.click(await button("Create an account"));
    expect(await screen.findByText(/This is not an email address/)).toBeTruthy();
    await waitFor(() => expect(document.activeElement).toBe(screen.getByLabelText("Email address")));
  });

  it("shows the wording anew where it has changed meanwhile", async () => {
    answers["POST /v1/accounts"] = problem(400, { consent: "is not the version that holds now" });
    const { user } = await open("/register", RegisterPage);
    await write(user, await screen.findByLabelText("Email address"), ADA.email);
    await user.click(screen.getByRole("checkbox"));
    answers["GET /v1/consent"] = json({ ...CONSENT, version: "2027-01", text: "We keep less." });
    await user.click(await button("Create an account"));
    expect(await screen.findByText("We keep less.")).toBeTruthy();
    expect(screen.getByText(/has changed meanwhile/)).toBeTruthy();
  });
});

it("sends a letter to who forgot the password, and tells nobody whether there is an account", async () => {
  answers["POST /v1/accounts/reset"] = json({ status: "accepted" }, 202);
  const { user } = await open("/forgot", ForgotPage);
  await write(user, await screen.findByLabelText("Email address"), ADA.email);
  await user.click(await button("Send the letter"));
  expect(await screen.findByText(/has an account, we have sent a letter there/)).toBeTruthy();
});

describe("logging in", () => {
  async function typed(user: ReturnType<typeof userEvent.setup>) {
    await write(user, await screen.findByLabelText("Email address"), ADA.email);
    await write(user, screen.getByLabelText("Password"), "a tram to the harbour");
    await user.click(await button("Log in"));
  }

  it("leads back to where one wanted to be", async () => {
    const { user, router } = await open("/login?next=/following", LogInPage);
    await typed(user);
    await waitFor(() => expect(router.state.location.pathname).toBe("/following"));
    expect(bodyOf("POST /v1/sessions")).toEqual({
      email: ADA.email,
      password: "a tram to the harbour",
      cookie: true,
    });
  });

  it("leads on who is logged in already", async () => {
    const { router } = await open("/login?next=/profile", LogInPage, { known: true });
    await waitFor(() => expect(router.state.location.pathname).toBe("/profile"));
  });

  it("says that address or password is wrong, and keeps both", async () => {
    answers["POST /v1/sessions"] = problem(401);
    const { user } = await open("/login", LogInPage);
    await typed(user);
    expect((await screen.findByRole("alert")).textContent).toMatch(/The address or the password is wrong/);
    expect(screen.getByLabelText<HTMLInputElement>("Password").value).toBe("a tram to the harbour");
  });

  it("says when one may try again", async () => {
    answers["POST /v1/sessions"] = problem(429, {}, 720);
    const { user } = await open("/login", LogInPage);
    await typed(user);
    expect((await screen.findByRole("alert")).textContent).toMatch(/Try again in 12 minutes/);
  });

  it("shows the password to who wants to see it", async () => {
    const { user } = await open("/login", LogInPage);
    const password = await screen.findByLabelText<HTMLInputElement>("Password");
    expect([password.type, password.autocomplete]).toEqual(["password", "current-password"]);
    await user.click(await button("Show the password"));
    expect(password.type).toBe("text");
    expect((await button("Show the password")).getAttribute("aria-pressed")).toBe("true");
  });
});

describe("one’s own account", () => {
  it("leads who is logged out elsewhere to the log-in, which says so", async () => {
    answers["GET /v1/accounts/me"] = problem(401);
    answers["POST /v1/sessions/refresh"] = problem(401);
    const { router } = await open("/profile", ProfilePage, { known: true });
    await waitFor(() => expect(router.state.location.pathname).toBe("/login"));
    await open("/login", LogInPage);
    expect(await screen.findByText(/You were logged out/)).toBeTruthy();
  });

  it("ends a session on another device, and keeps the focus on the page", async () => {
    answers["DELETE /v1/sessions/s2"] = done;
    const { user } = await open("/profile", ProfilePage, { known: true });
    await user.click(await button("Log out: Safari on iPhone"));
    expect(await screen.findByText("Logged out: Safari on iPhone.")).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Log out: Safari on iPhone" })).toBeNull();
    expect(document.activeElement?.textContent).toBe("Where you are logged in");
  });

  it("changes the password, for password managers, too, and says what is wrong at its field", async () => {
    answers["POST /v1/accounts/me/password"] = problem(400, { current_password: "is not the password" });
    const { user } = await open("/profile", ProfilePage, { known: true });
    await user.click(await button(/Change password/));
    const fields = document.querySelectorAll("[role=dialog] input");
    expect([...fields].map((field) => field.getAttribute("autocomplete"))).toEqual([
      "username",
      "current-password",
      "new-password",
    ]);
    await write(user, screen.getByLabelText("Current password"), "a tram to the harbour");
    await write(user, screen.getByLabelText("New password"), "paper boats and");
    await user.click(await button("Change password"));
    expect(await screen.findByText("This is not the password of your account.")).toBeTruthy();

    answers["POST /v1/accounts/me/password"] = problem(400, { password: "is common" });
    await write(user, screen.getByLabelText("Current password"), "!");
    await user.click(await button("Change password"));
    expect(await screen.findByText(/It needs 12 to 200 characters/)).toBeTruthy();

    answers["POST /v1/accounts/me/password"] = json({ status: "done" });
    await write(user, screen.getByLabelText("New password"), " a kettle");
    await user.click(await button("Change password"));
    expect(await screen.findByText(/All your other devices are logged out/)).toBeTruthy();
  });

  it("asks for another address by the password, and says that a letter must be opened first", async () => {
    answers["POST /v1/accounts/me/email"] = json({ status: "accepted" }, 202);
    const { user } = await open("/profile", ProfilePage, { known: true });
    await user.click(await button(/Change email/));
    await write(user, screen.getByLabelText("Password"), "a tram to the harbour");
    await write(user, screen.getByLabelText("New email address"), "Ada@Example.com");
    await user.click(await button("Send the letter"));
    expect(await screen.findByText("This is your address already.")).toBeTruthy();
    await user.clear(screen.getByLabelText("New email address"));
    await write(user, screen.getByLabelText("New email address"), "ada@example.org");
    await user.click(await button("Send the letter"));
    expect(await screen.findByText(/We have sent a letter to ada@example.org/)).toBeTruthy();
  });

  it("asks to agree where the wording has changed", async () => {
    answers["GET /v1/accounts/me"] = json({
      ...ME,
      consent: { ...ME.consent, version: "2025-01", holds: false },
    });
    answers["POST /v1/accounts/me/consents"] = () => {
      answers["GET /v1/accounts/me"] = json(ME);
      return json({ status: "done" })();
    };
    const { user } = await open("/profile", ProfilePage, { known: true });
    await user.click(await button("I agree"));
    await waitFor(() => expect(screen.queryByRole("button", { name: "I agree" })).toBeNull());
    expect(bodyOf("POST /v1/accounts/me/consents")).toEqual({ consent: "2026-11b", language: "en" });
  });

  it("is deleted once the address is typed, and the password where the login is old; then says what stays", async () => {
    answers["DELETE /v1/accounts/me"] = problem(401);
    const { user, router } = await open("/profile", ProfilePage, { known: true });
    await user.click(await button(/Delete account …/));
    const confirm = screen.getByLabelText("Type ada@example.com to confirm");
    await write(user, confirm, "bob@example.com");
    await user.click(await button("Delete account"));
    expect(await screen.findByText("This is not ada@example.com.")).toBeTruthy();
    expect(bodyOf("DELETE /v1/accounts/me")).toBeUndefined();

    await user.clear(confirm);
    await write(user, confirm, "ADA@example.com");
    await user.click(await button("Delete account"));
    expect((await screen.findByRole("alert")).textContent).toMatch(/You logged in more than 15 minutes ago/);

    const kept = [{ what: "backups of the tables", why: "so that it can be restored", until: "35 days" }];
    answers["DELETE /v1/accounts/me"] = json({ erased: ["accounts"], continues: ["alerts"], kept });
    await write(user, screen.getByLabelText("Password"), "a tram to the harbour");
    await user.click(await button("Delete account"));
    expect(await screen.findByRole("heading", { name: "Your account is deleted" })).toBeTruthy();
    expect(screen.getByText("backups of the tables")).toBeTruthy();
    expect(screen.getByText("What is being erased within minutes")).toBeTruthy();
    expect(router.state.location.pathname).toBe("/profile");
  });
});

it.each([
  [IPHONE, { browser: "Safari", system: "iPhone" }],
  [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
    { browser: "Edge", system: "Windows" },
  ],
  [
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
    { browser: "Samsung Internet", system: "Android" },
  ],
  [
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    { browser: "Firefox", system: "Linux" },
  ],
  [
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    { browser: "Chrome", system: "Mac" },
  ],
  ["curl/8.1", {}],
])("names a device by what its browser calls itself: %s", (agent, names) => {
  expect(namesIn(agent)).toEqual(names);
});
