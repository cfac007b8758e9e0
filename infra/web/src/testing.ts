import { i18n } from "@lingui/core";
import { cleanup } from "@testing-library/react";
import { afterEach, vi } from "vitest";

// Tests read the source's own English: the macros leave it in the code where it is not built for production.
i18n.loadAndActivate({ locale: "en", messages: {} });
afterEach(cleanup);

// What jsdom lacks: React Aria finds fields by the one, the router scrolls by the other.
vi.stubGlobal("CSS", { escape: (text: string) => text });
vi.stubGlobal("scrollTo", () => undefined);
