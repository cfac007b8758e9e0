/** Times for people: in a language, and by the clocks of an airport's zone (IANA name). */

/** The time of day, such as 14:05: by 24 hours in every language, as boards and tickets say it. */
export function clockTime(instant: string | number, zone: string, language: string): string {
  return format(language, zone, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(
    new Date(instant),
  );
}

/** The day, such as Sat 21 Nov. */
export function day(instant: string | number, zone: string, language: string): string {
  return format(language, zone, { weekday: "short", day: "numeric", month: "short" }).format(
    new Date(instant),
  );
}

/** The day and the time of day. */
export function dayAndTime(instant: string | number, zone: string, language: string): string {
  const options = {
    weekday: "short",
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  } as const;
  return format(language, zone, options).format(new Date(instant));
}

/** The date as YYYY-MM-DD, which sorts and which the API takes. */
export function isoDate(instant: string | number, zone: string): string {
  const parts = format("en", zone, { year: "numeric", month: "2-digit", day: "2-digit" });
  const part = Object.fromEntries(
    parts.formatToParts(new Date(instant)).map(({ type, value }) => [type, value]),
  );
  return `${part.year}-${part.month}-${part.day}`; // no language writes it so in every browser
}

/** How many midnights lie between two instants by a zone's clocks: 1 is the next day. */
export function daysBetween(from: string | number, to: string | number, zone: string): number {
  return Math.round((Date.parse(isoDate(to, zone)) - Date.parse(isoDate(from, zone))) / 86_400_000);
}

/** A zone's short name at an instant, such as GMT+2 or EDT. */
export function zoneName(instant: string | number, zone: string, language: string): string {
  const parts = format(language, zone, { timeZoneName: "short" }).formatToParts(new Date(instant));
  return parts.find((part) => part.type === "timeZoneName")?.value ?? zone;
}

/** How long ago or until, such as "in 35 min." or "2 hr. ago"; `seconds` is negative for what has passed. */
export function relative(seconds: number, language: string, style: "short" | "long" = "short"): string {
  const words = new Intl.RelativeTimeFormat(regional(language), { numeric: "auto", style });
  const size = Math.abs(seconds);
  if (size < 60) return words.format(Math.round(seconds), "second");
  if (size < 3600) return words.format(Math.round(seconds / 60), "minute");
  if (size < 86_400) return words.format(Math.round(seconds / 3600), "hour");
  return words.format(Math.round(seconds / 86_400), "day");
}

/** A language as this browser's person writes it: en-GB and en-US differ in days and clocks. */
function regional(language: string): string {
  return navigator.languages.find((each) => each.startsWith(`${language}-`)) ?? language;
}

const formats = new Map<string, Intl.DateTimeFormat>(); // making one is slow, and a board asks for hundreds

function format(language: string, zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = JSON.stringify([language, zone, options]);
  let made = formats.get(key);
  if (!made) {
    made = new Intl.DateTimeFormat(regional(language), { timeZone: zone, ...options });
    formats.set(key, made);
  }
  return made;
}
