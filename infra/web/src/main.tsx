import "./ui/base.css";
import { i18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { createAsyncStoragePersister } from "@tanstack/query-async-storage-persister";
import { QueryClient } from "@tanstack/react-query";
import { PersistQueryClientProvider } from "@tanstack/react-query-persist-client";
import { RouterProvider } from "@tanstack/react-router";
import { del, get, set } from "idb-keyval";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ApiProblem } from "./api/problems";
import { hearFlights } from "./live/flights";
import { router } from "./routes";
import { preferred, speak } from "./shell/language";
import { colourBrowser } from "./shell/scheme";

const DAY = 86_400_000;

const client = new QueryClient({
  defaultOptions: {
    queries: {
      networkMode: "always", // offline it fails at once, and what was last seen is shown
      retry: (failures, error) => failures < 2 && !(error instanceof ApiProblem && error.status < 500),
      gcTime: DAY,
      staleTime: 30_000,
    },
    mutations: { networkMode: "always" },
  },
});
hearFlights(client);

// What was last seen of boards and flights is kept on the device, and shown when there is no network.
const persister = createAsyncStoragePersister({
  storage: { getItem: (key) => get<string>(key), setItem: set, removeItem: del },
  key: "gatecall.seen",
  throttleTime: new URLSearchParams(location.search).has("wall") ? 600_000 : 2_000, // a wall runs for days: spare its disk
});
const persistOptions = {
  persister,
  maxAge: 2 * DAY, // a boarding pass is there a day before its flight, and that may be late
  buster: "1", // another number where the shape of what is kept changes
  dehydrateOptions: {
    shouldDehydrateQuery: ({ meta, state }: { meta?: { kept?: boolean }; state: { status: string } }) =>
      meta?.kept === true && state.status === "success",
  },
};

// A page that was open while another version was deployed asks for files that are gone: it starts anew, once.
addEventListener("vite:preloadError", (event) => {
  if (!navigator.onLine) return; // TroublePage says so
  if (Date.now() - Number(sessionStorage.getItem("gatecall.reloaded") ?? 0) < 60_000) return;
  event.preventDefault();
  sessionStorage.setItem("gatecall.reloaded", String(Date.now()));
  location.reload();
});

colourBrowser();
const place = document.getElementById("root");
if (!place) throw new Error("index.html has no #root");
// Not `await` here: with it rollup cuts this file's imports into thirty files, each a request before the board shows.
void speak(preferred()).then(() => {
  createRoot(place).render(
    <StrictMode>
      <I18nProvider i18n={i18n}>
        <PersistQueryClientProvider client={client} persistOptions={persistOptions}>
          <RouterProvider router={router} />
        </PersistQueryClientProvider>
      </I18nProvider>
    </StrictMode>,
  );
});
