import { i18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { createMemoryHistory, createRootRoute, createRouter, RouterProvider } from "@tanstack/react-router";
import { act, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type Session, useSession } from "../api/session";
import { News } from "./News";
import { startWorker } from "./worker";

vi.mock("../api/session", () => ({ useSession: vi.fn() }));
vi.mock("./worker", () => ({ startWorker: vi.fn(async () => undefined) }));

beforeEach(() => {
  vi.stubEnv("PROD", true);
  vi.stubGlobal("requestIdleCallback", (idle: () => void) => setTimeout(idle));
  vi.stubGlobal("cancelIdleCallback", clearTimeout);
  Object.defineProperty(navigator, "serviceWorker", { value: {}, configurable: true });
});

afterEach(() => {
  vi.unstubAllEnvs();
  localStorage.clear();
});

async function news({ wall = false, session = { state: "guest" } as Session } = {}) {
  vi.mocked(useSession).mockReturnValue(session);
  const root = createRootRoute({ component: () => <News wall={wall} /> });
  const router = createRouter({ routeTree: root, history: createMemoryHistory() });
  await router.load();
  render(
    <I18nProvider i18n={i18n}>
      <RouterProvider router={router as never} />
    </I18nProvider>,
  );
  await act(() => new Promise((go) => setTimeout(go, 20)));
}

function newVersionWaits(): () => void {
  const takeOver = vi.fn();
  act(() => vi.mocked(startWorker).mock.lastCall?.[0](takeOver));
  return takeOver;
}

it("offers a new version, and takes it when the person says so", async () => {
  await news();
  const takeOver = newVersionWaits();
  expect(takeOver).not.toHaveBeenCalled();
  await userEvent.click(screen.getByRole("button", { name: "Reload" }));
  expect(takeOver).toHaveBeenCalledOnce();
});

it("puts a new version off to the next start", async () => {
  await news();
  const takeOver = newVersionWaits();
  await userEvent.click(screen.getByRole("button", { name: "Later" }));
  expect(screen.queryByText(/new version/)).toBeNull();
  expect(takeOver).not.toHaveBeenCalled();
});

it("takes a new version at once on a wall screen, where nobody is to say so", async () => {
  await news({ wall: true });
  const takeOver = newVersionWaits();
  expect(takeOver).toHaveBeenCalledOnce();
});

it("says that there is no network, and no more when there is", async () => {
  const online = vi.spyOn(navigator, "onLine", "get").mockReturnValue(false);
  await news();
  expect(screen.getByRole("status").textContent).toMatch(/offline/);
  online.mockReturnValue(true);
  act(() => void dispatchEvent(new Event("online")));
  expect(screen.getByRole("status").textContent).toBe("");
});

it("says that a session is over which was not ended here, and leads to log in", async () => {
  await news({ session: { state: "guest", over: true } });
  expect(screen.getByText(/You are logged out/)).toBeTruthy();
  expect(screen.getByRole("link", { name: "Log in" })).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Close" }));
  expect(screen.queryByText(/You are logged out/)).toBeNull();
});

it("says nothing to a guest who never was logged in", async () => {
  await news();
  expect(screen.queryByText(/You are logged out/)).toBeNull();
});

it("offers to install the app where the browser does, and never again where that was refused", async () => {
  await news();
  const offer = () =>
    act(() => void dispatchEvent(Object.assign(new Event("beforeinstallprompt"), { prompt: vi.fn() })));
  offer();
  await userEvent.click(screen.getByRole("button", { name: "Don’t ask again" }));
  offer();
  expect(screen.queryByRole("button", { name: "Install" })).toBeNull();
});
