import { i18n } from "@lingui/core";
import { cleanup } from "@testing-library/react";
import { afterEach } from "vitest";

// Tests read the source's own English: the macros leave it in the code where it is not built for production.
i18n.loadAndActivate({ locale: "en", messages: {} });
afterEach(cleanup);
