/** Day and night: the system's choice, or the person's, kept on this device as `data-scheme` of <html>. */
export type Scheme = "system" | "light" | "dark";

const KEPT = "gatecall.scheme"; // public/scheme.js reads it before the first paint

export function isScheme(text: unknown): text is Scheme {
  return text === "system" || text === "light" || text === "dark";
}

/** The scheme that was chosen on this device. */
export function chosenScheme(): Scheme {
  const worn = document.documentElement.dataset.scheme;
  return isScheme(worn) ? worn : "system";
}

/** Wear a scheme, and keep to it on this device. */
export function chooseScheme(scheme: Scheme): void {
  if (scheme === "system") delete document.documentElement.dataset.scheme;
  else document.documentElement.dataset.scheme = scheme;
  colourBrowser();
  try {
    if (scheme === "system") localStorage.removeItem(KEPT);
    else localStorage.setItem(KEPT, scheme);
  } catch {
    // A browser that keeps nothing: the scheme lasts as long as the page.
  }
}

/** Give the browser's own bars the scheme's colour, which index.html only knows for the system's choice. */
export function colourBrowser(): void {
  const scheme = chosenScheme();
  for (const meta of document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')) {
    const own = meta.dataset.scheme;
    if (scheme === "system") meta.media = `(prefers-color-scheme: ${own})`;
    else meta.media = own === scheme ? "all" : "not all";
  }
}
