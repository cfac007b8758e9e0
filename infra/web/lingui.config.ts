import { defineConfig } from "@lingui/cli";

// The board's words are few and come first; all others come with the first page that needs them.
const BOARD = ["src/shell", "src/home", "src/board", "src/live", "src/ui", "src/main.tsx", "src/routes.tsx"];
const PAGES = ["src/flight", "src/follow", "src/account", "src/operate", "src/admin"];
const TRIPS = ["src/search", "src/book", "src/trips"];
const TESTS = ["**/*.test.*"];

export default defineConfig({
  sourceLocale: "en",
  locales: ["en", "es", "fr", "de", "zh"],
  catalogs: [
    {
      path: "<rootDir>/src/words/{locale}/board",
      include: BOARD.map((path) => `<rootDir>/${path}`),
      exclude: TESTS,
    },
    {
      path: "<rootDir>/src/words/{locale}/pages",
      include: PAGES.map((path) => `<rootDir>/${path}`),
      exclude: TESTS,
    },
    {
      path: "<rootDir>/src/words/{locale}/trips",
      include: TRIPS.map((path) => `<rootDir>/${path}`),
      exclude: TESTS,
    },
  ],
  formatOptions: { lineNumbers: false },
});
