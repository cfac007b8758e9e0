import { i18n } from "@lingui/core";
import { cleanup } from "@testing-library/react";
import { afterEach, vi } from "vitest";

// Tests read the source's own English: the macros leave it in the code where it is not built for production.
i18n.loadAndActivate({ locale: "en", messages: {} });
afterEach(cleanup);

// What jsdom lacks: React Aria finds fields by the one, the router and our forms scroll by the others.
vi.stubGlobal("CSS", { escape: (text: string) => text });
vi.stubGlobal("scrollTo", () => undefined);
if (globalThis.Element) Element.prototype.scrollIntoView ??= () => undefined;
