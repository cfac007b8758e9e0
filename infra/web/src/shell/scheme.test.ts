import { afterEach, beforeEach, expect, it } from "vitest";
import { chooseScheme, chosenScheme, colourBrowser } from "./scheme";

beforeEach(() => {
  for (const scheme of ["light", "dark"]) {
    const meta = document.createElement("meta");
    meta.name = "theme-color";
    meta.media = `(prefers-color-scheme: ${scheme})`;
    meta.dataset.scheme = scheme;
    document.head.append(meta);
  }
});

afterEach(() => {
  document.head.replaceChildren();
  chooseScheme("system");
});

it("is the device's until the person chooses", () => {
  expect(chosenScheme()).toBe("system");
  expect(document.documentElement.dataset.scheme).toBeUndefined();
});

it("is worn by the whole page, kept on the device, and given back", () => {
  chooseScheme("dark");
  expect(document.documentElement.dataset.scheme).toBe("dark");
  expect(localStorage.getItem("gatecall.scheme")).toBe("dark");
  chooseScheme("system");
  expect(document.documentElement.dataset.scheme).toBeUndefined();
  expect(localStorage.getItem("gatecall.scheme")).toBeNull();
});

it("colours the browser's bars as what was chosen, whatever the device prefers", () => {
  chooseScheme("light");
  expect(medias()).toEqual({ light: "all", dark: "not all" });
  chooseScheme("system");
  expect(medias()).toEqual({
    light: "(prefers-color-scheme: light)",
    dark: "(prefers-color-scheme: dark)",
  });
});

it("colours them at the start too, by what was kept", () => {
  document.documentElement.dataset.scheme = "dark"; // as public/scheme.js does
  colourBrowser();
  expect(medias()).toEqual({ light: "not all", dark: "all" });
});

function medias() {
  const metas = document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]');
  return Object.fromEntries([...metas].map((meta) => [meta.dataset.scheme, meta.media]));
}
