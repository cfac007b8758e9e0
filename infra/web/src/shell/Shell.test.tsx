import { i18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { IsRestoringProvider, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, createRootRoute, createRouter, RouterProvider } from "@tanstack/react-router";
import { render, screen, waitFor } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { type Session, useSession } from "../api/session";
import { Shell } from "./Shell";

vi.mock("../api/session", () => ({
  useSession: vi.fn(),
  formerly: false,
  restore: vi.fn(),
  logOut: vi.fn(),
}));

/** The app as it starts, while the device still reads what it keeps. */
async function start(session: Session) {
  vi.mocked(useSession).mockReturnValue(session);
  const client = new QueryClient();
  const routeTree = createRootRoute({ component: Shell, notFoundComponent: () => null });
  const router = createRouter({ routeTree, history: createMemoryHistory() });
  const app = (restoring: boolean) => (
    <I18nProvider i18n={i18n}>
      <QueryClientProvider client={client}>
        <IsRestoringProvider value={restoring}>
          <RouterProvider router={router as never} />
        </IsRestoringProvider>
      </QueryClientProvider>
    </I18nProvider>
  );
  const { rerender } = render(app(true));
  await screen.findByRole("main");
  client.setQueryData(["mine", "subscriptions"], "Ada's");
  client.setQueryData(["board", "EWR", "departures"], "everybody's");
  rerender(app(false));
  return client;
}

it("forgets what the device kept of somebody who logged out just before the page was closed", async () => {
  const client = await start({ state: "guest" });
  await waitFor(() => expect(client.getQueryData(["mine", "subscriptions"])).toBeUndefined());
  expect(client.getQueryData(["board", "EWR", "departures"])).toBe("everybody's");
});

it("keeps it while nobody has said yet whether they are still logged in: it is shown offline", async () => {
  const client = await start({ state: "unknown" });
  await new Promise((done) => setTimeout(done, 50));
  expect(client.getQueryData(["mine", "subscriptions"])).toBe("Ada's");
});
