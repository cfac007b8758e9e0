import { i18n, type Messages } from "@lingui/core";

export const LANGUAGES = { en: "English", es: "Español", fr: "Français", de: "Deutsch", zh: "中文" } as const;
export type Language = keyof typeof LANGUAGES;
export type Words = "board" | "pages" | "trips";

const KEPT = "gatecall.language";
const CATALOGUES = import.meta.glob<{ messages: Messages }>("../words/*/*.po");
const wanted = new Set<Words>(["board"]); // a page needs them
const loaded = new Set<string>(); // "de board"

/** The language that was chosen, else the first of the browser's that there is, else English. */
export function preferred(): Language {
  const wanted = [read(), ...navigator.languages].map((each) => each?.slice(0, 2).toLowerCase());
  return wanted.find(isLanguage) ?? "en";
}

/**
 * Speak a language, and keep to it on this device when it was `chosen`. Where its words can't be had, as without a
 * network, the language stays, and throws; at the start that is English, which comes with the app.
 */
export async function speak(language: Language, { chosen = false } = {}): Promise<void> {
  try {
    const messages = await Promise.all([...wanted].map((words) => catalogue(language, words)));
    i18n.loadAndActivate({ locale: language, messages: Object.assign({}, ...messages) });
  } catch (reason) {
    if (i18n.locale || language === "en") throw reason;
    return speak("en");
  }
  for (const words of wanted) loaded.add(`${language} ${words}`);
  document.documentElement.lang = language;
  if (chosen) keep(language);
}

/** Have the words of the pages beside the board; their loaders ask for them (routes.tsx). */
export async function withWords(words: Words): Promise<void> {
  const language = i18n.locale;
  if (loaded.has(`${language} ${words}`)) return;
  const messages = await catalogue(language, words);
  wanted.add(words);
  loaded.add(`${language} ${words}`);
  i18n.load(language, messages);
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
