import { i18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, createRootRoute, createRouter, RouterProvider } from "@tanstack/react-router";
import { render, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import type { EventLine } from "../api/types";
import { Sentence } from "./AuditLine";

const [ADA, OPS] = ["079dba5ec431a05e51411a45", "857f6379cbfa8a7b17728817"];
const event: EventLine = {
  at: "2026-07-10T12:00:00Z",
  what: "logged-in",
  by: ADA,
  about: ADA,
  client: "192.0.2.7",
  detail: {},
};

/** The sentence of a line, once it is known who ada is; ops is deleted. */
async function sentence(line: Partial<EventLine>): Promise<HTMLElement> {
  vi.stubGlobal("fetch", async (request: Request) =>
    request.url.endsWith(ADA)
      ? Response.json({ id: ADA, email: "ada@example.com" })
      : Response.json({ title: "Not found", detail: "there is no such account" }, { status: 404 }),
  );
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const said = { ...event, ...line };
  const router = createRouter({
    routeTree: createRootRoute({
      component: () => (
        <p data-testid="line">
          <Sentence event={said} />
        </p>
      ),
    }),
    history: createMemoryHistory(),
  });
  render(
    <I18nProvider i18n={i18n}>
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </I18nProvider>,
  );
  const shown = await screen.findByTestId("line");
  if (said.by === ADA || said.about === ADA) await screen.findAllByText("ada@example.com");
  return shown;
}

const lines: [string, Partial<EventLine>, string][] = [
  ["a login", {}, "ada@example.com logged in."],
  [
    "a flight that was changed, with what was said of it",
    { what: "flight-updated", about: "flight:UA1545-20260710-EWR", detail: { departure_gate: "C84" } },
    "ada@example.com changed UA1545-20260710-EWR: departure_gate C84.",
  ],
  [
    "a role that was given to an account that is gone: by its id",
    { what: "role-changed", about: OPS, detail: { role: "passenger -> operator", airlines: "none -> UA" } },
    "ada@example.com changed what 857f6379 may do: role passenger -> operator, airlines none -> UA.",
  ],
  [
    "an invitation from a terminal",
    { what: "invited", by: null, about: "invitation:1", client: "terminal", detail: { role: "admin" } },
    "The terminal invited somebody: role admin.",
  ],
  [
    "a booking that an admin changed",
    { what: "booking-changed", about: "booking:K3M9TZ", detail: { what: "cancel" } },
    "ada@example.com changed the booking K3M9TZ: what cancel.",
  ],
  ["a key", { what: "key-revoked", about: "key:ewr-aodb" }, "ada@example.com revoked the key ewr-aodb."],
  [
    "a login that failed at an address that has no account",
    { what: "login-failed", by: null, about: "nobody" },
    "Somebody tried to log in with an address that has no account.",
  ],
  ["one’s own account that was deleted", { what: "deleted" }, "ada@example.com deleted their own account."],
  ["somebody’s that was", { what: "deleted", about: OPS }, "ada@example.com deleted the account 857f6379."],
  [
    "what this app does not know yet, as it stands",
    { what: "moon-landed", about: "flight:X", detail: { crater: "Tycho" } },
    "ada@example.com · moon-landed · X crater Tycho",
  ],
];

test.each(lines)("the trail says %s", async (_, line, says) => {
  expect((await sentence(line)).textContent).toBe(says);
});

test("a line leads to the flight, and to who changed it", async () => {
  await sentence({ what: "flight-updated", about: "flight:UA1545-20260710-EWR", detail: {} });
  const links = screen.getAllByRole("link").map((link) => link.getAttribute("href"));
  expect(links).toEqual([`/admin/people/${ADA}`, "/flights/UA1545-20260710-EWR"]);
});
