import { i18n } from "@lingui/core";
import { afterEach, expect, it, vi } from "vitest";
import { preferred, speak, withWords } from "./language";

afterEach(async () => {
  localStorage.clear();
  await speak("en");
});

function browserPrefers(...languages: string[]) {
  vi.spyOn(navigator, "languages", "get").mockReturnValue(languages);
}

it("is the first of the browser's languages that the app speaks", () => {
  browserPrefers("pt-BR", "fr-CA", "de");
  expect(preferred()).toBe("fr");
});

it("is English where the app speaks none of the browser's", () => {
  browserPrefers("pt-BR", "ja");
  expect(preferred()).toBe("en");
});

it("is kept on the device when it was chosen, and only then", async () => {
  browserPrefers("fr");
  await speak("de");
  expect(preferred()).toBe("fr");
  await speak("de", { chosen: true });
  expect(preferred()).toBe("de");
});

it("is said of the page, for who reads it aloud", async () => {
  await speak("es");
  expect(document.documentElement.lang).toBe("es");
  expect(i18n.locale).toBe("es");
});

it("has the pages' words in the next language too, once a page needed them", async () => {
  await withWords("pages");
  const english = Object.keys(i18n.messages).length;
  await speak("de");
  expect(Object.keys(i18n.messages).length).toBe(english);
});
