import { i18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  RouterProvider,
} from "@tanstack/react-router";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import { NoAnswer } from "../api/problems";
import { restore, type Session, useSession } from "../api/session";
import type { AccountLine, Role } from "../api/types";
import { SignedIn } from "./SignedIn";

vi.mock("../api/session", () => ({ useSession: vi.fn(), restore: vi.fn() }));

function account(role: Role): AccountLine {
  return {
    id: "a1",
    email: "ada@example.com",
    role,
    airlines: [],
    airports: [],
    language: "en",
    disabled: false,
    created_at: "2026-11-01T10:00:00Z",
  };
}

/** The page at /admin/keys?about=x, for admins, as who the session says sees it. */
function open(session: Session) {
  vi.mocked(useSession).mockReturnValue(session);
  const root = createRootRoute();
  const page = createRoute({
    getParentRoute: () => root,
    path: "/admin/keys",
    component: () => <SignedIn roles={["admin"]}>{({ email }) => <h1>Keys of {email}</h1>}</SignedIn>,
  });
  const login = createRoute({ getParentRoute: () => root, path: "/login", component: () => <h1>Log in</h1> });
  const router = createRouter({
    routeTree: root.addChildren([page, login]),
    history: createMemoryHistory({ initialEntries: ["/admin/keys?about=x"] }),
  });
  render(
    <I18nProvider i18n={i18n}>
      <RouterProvider router={router as never} />
    </I18nProvider>,
  );
  return router;
}

it("shows the page to who is logged in with its role", async () => {
  open({ state: "signed-in", account: account("admin"), session: "s1" });
  expect(await screen.findByRole("heading", { name: "Keys of ada@example.com" })).toBeTruthy();
});

it("tells who has another role which account it is", async () => {
  open({ state: "signed-in", account: account("passenger"), session: "s1" });
  expect(await screen.findByRole("heading", { name: "Not for this account" })).toBeTruthy();
  expect(screen.getByText(/ada@example\.com/)).toBeTruthy();
});

it("leads a guest to log in, and from there back", async () => {
  const router = open({ state: "guest" });
  expect(await screen.findByRole("heading", { name: "Log in" })).toBeTruthy();
  expect(router.state.location.search).toEqual({ next: "/admin/keys?about=x" });
});

it("shows nobody's page until it is known who it is, and asks again where nobody answered", async () => {
  open({ state: "unknown", why: new NoAnswer("no answer") });
  expect(await screen.findByRole("alert")).toBeTruthy();
  expect(screen.queryByRole("heading", { name: /Keys/ })).toBeNull();
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(restore).toHaveBeenCalledOnce();
});
