import { i18n, type Messages } from "@lingui/core";

export const LANGUAGES = { en: "English", es: "Español", fr: "Français", de: "Deutsch", zh: "中文" } as const;
export type Language = keyof typeof LANGUAGES;
export type Words = "board" | "pages";

const KEPT = "gatecall.language";
const CATALOGUES = import.meta.glob<{ messages: Messages }>("../words/*/*.po");
const loaded: Words[] = [];

/** The language that was chosen, else the first of the browser's that there is, else English. */
export function preferred(): Language {
  const wanted = [read(), ...navigator.languages].map((each) => each?.slice(0, 2).toLowerCase());
  return wanted.find(isLanguage) ?? "en";
}

/** Speak a language, and keep to it on this device when it was `chosen`. */
export async function speak(language: Language, { chosen = false } = {}): Promise<void> {
  const words = loaded.length ? loaded : (["board"] as const);
  const catalogues = await Promise.all(words.map((each) => catalogue(language, each)));
  i18n.loadAndActivate({ locale: language, messages: Object.assign({}, ...catalogues) });
  document.documentElement.lang = language;
  if (chosen) keep(language);
  if (!loaded.includes("board")) loaded.push("board");
}

/** Have the words of the pages beside the board; their loaders ask for them (routes.tsx). */
export async function withWords(words: Words): Promise<void> {
  if (loaded.includes(words)) return;
  loaded.push(words);
  i18n.load(i18n.locale, await catalogue(i18n.locale, words));
}

export function isLanguage(text: unknown): text is Language {
  return typeof text === "string" && text in LANGUAGES;
}

async function catalogue(language: string, words: Words): Promise<Messages> {
  const load = CATALOGUES[`../words/${language}/${words}.po`];
  if (!load) throw new Error(`there is no catalogue ${language}/${words}`);
  return (await load()).messages;
}

function read(): string | null {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

function keep(language: Language): void {
  try {
    localStorage.setItem(KEPT, language);
  } catch {
    // A browser that keeps nothing: the language lasts as long as the page.
  }
}
