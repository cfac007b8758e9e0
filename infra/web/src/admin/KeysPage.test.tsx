import { i18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, createRootRoute, createRouter, RouterProvider } from "@tanstack/react-router";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import type { KeyLine } from "../api/types";
import { KeysPage } from "./KeysPage";

const SECRET = "gck_3xQygQbwqTarbhtM6HNi7LvYCIiGiGDql-rmUZyu95Q";
const key: KeyLine = {
  id: "f00d",
  name: "ewr-aodb",
  scopes: ["feeds:aidx"],
  airports: ["EWR"],
  made_at: "2026-07-10T12:00:00Z",
  state: "good",
};

/** The page over an API that answers by method. */
async function shown(answers: Record<string, unknown>) {
  const asked: { method: string; path: string; body: unknown }[] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    const body: unknown = request.method === "POST" ? await request.json().catch(() => null) : undefined;
    asked.push({ method: request.method, path: new URL(request.url).pathname, body });
    const answer = answers[request.method];
    return answer === undefined ? new Response(null, { status: 204 }) : Response.json(answer);
  });
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const router = createRouter({
    routeTree: createRootRoute({ component: KeysPage }),
    history: createMemoryHistory(),
  });
  render(
    <I18nProvider i18n={i18n}>
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </I18nProvider>,
  );
  await screen.findByRole("heading", { name: "Keys" });
  return { asked, client, user: userEvent.setup() };
}

test("a new key is shown once: when somebody says that they have it, it is nowhere any more", async () => {
  const { asked, client, user } = await shown({
    GET: { keys: [] },
    POST: { key: SECRET, id: "f00d", name: "ewr-aodb" },
  });
  await user.click(screen.getByRole("button", { name: "Make a key …" }));
  await user.type(screen.getByLabelText("Name"), "ewr-aodb");
  await user.type(screen.getByLabelText("Airports it speaks for"), "ewr lga");
  await user.click(screen.getByRole("button", { name: "Make the key" }));
  expect(await screen.findByText(SECRET)).toBeTruthy();
  expect(asked.find(({ method }) => method === "POST")?.body).toEqual({
    name: "ewr-aodb",
    scopes: ["feeds:aidx"],
    airports: ["EWR", "LGA"],
  });
  await user.click(screen.getByRole("button", { name: "I have it" }));
  expect(document.body.innerHTML).not.toContain(SECRET);
  expect(
    JSON.stringify(
      client
        .getQueryCache()
        .getAll()
        .map(({ state }) => state.data),
    ),
  ).not.toContain(SECRET);
});

test("the focus comes to a new key, and stays at the button that copied it", async () => {
  const { user } = await shown({ GET: { keys: [] }, POST: { key: SECRET, id: "f00d", name: "ewr-aodb" } });
  await user.click(screen.getByRole("button", { name: "Make a key …" }));
  await user.type(screen.getByLabelText("Name"), "ewr-aodb");
  await user.click(screen.getByRole("button", { name: "Make the key" }));
  await screen.findByText(SECRET);
  const copy = screen.getByRole("button", { name: "Copy" });
  await user.click(copy);
  expect(await screen.findByText("Copied")).toBeTruthy();
  expect(document.activeElement).toBe(copy);
});

test("a key is revoked only after it was asked whether", async () => {
  const { asked, user } = await shown({ GET: { keys: [key] } });
  await user.click(await screen.findByRole("button", { name: "Revoke ewr-aodb" }));
  expect(asked.some(({ method }) => method === "DELETE")).toBe(false);
  await user.click(screen.getByRole("button", { name: "Revoke" }));
  await vi.waitFor(() => expect(asked.some(({ method }) => method === "DELETE")).toBe(true));
  expect(asked.find(({ method }) => method === "DELETE")?.path).toBe("/v1/keys/f00d");
});

test("a key that ends or has ended can’t be rotated, and one that is revoked can’t be revoked", async () => {
  await shown({
    GET: {
      keys: [
        { ...key, name: "ending", state: "ending", ends_at: "2026-07-17T12:00:00Z" },
        { ...key, id: "dead", name: "revoked", state: "revoked" },
      ],
    },
  });
  expect(await screen.findByRole("button", { name: "Revoke ending" })).toBeTruthy();
  expect(screen.queryByRole("button", { name: /Rotate/ })).toBeNull();
  expect(screen.queryByRole("button", { name: "Revoke revoked" })).toBeNull();
});
