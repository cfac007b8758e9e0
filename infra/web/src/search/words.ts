import type { I18n } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import { useLingui } from "@lingui/react/macro";
import type { Cabin, ReasonLine } from "../api/types";
import { money } from "../book/money";
import type { Sort } from "./query";

export const CABIN_WORDS = {
  economy: msg`Economy`,
  business: msg`Business`,
  first: msg`First`,
} as const satisfies Record<Cabin, unknown>;

export const SORT_WORDS = {
  best: msg`Best`,
  price: msg`Cheapest`,
  fastest: msg`Fastest`,
  departure: msg`Earliest`,
} as const satisfies Record<Sort, unknown>;

/** A time such as 5 hr 43 min, as the language writes it. */
export function duration(minutes: number, language: string): string {
  const unit = (value: number, unit: "hour" | "minute") =>
    new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short" }).format(value);
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  return [hours > 0 && unit(hours, "hour"), (rest > 0 || hours === 0) && unit(rest, "minute")]
    .filter(Boolean)
    .join(" ");
}

/** A calendar's date, such as Tue 1 Dec: it has no zone. */
export function dateWords(date: string, i18n: I18n, weekday = true): string {
  return calendar(date, i18n, { weekday: weekday ? "short" : undefined, day: "numeric", month: "short" });
}

/** The day of the week of a calendar's date, such as Tue. */
export function weekdayWords(date: string, i18n: I18n): string {
  return calendar(date, i18n, { weekday: "short" });
}

function calendar(date: string, i18n: I18n, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(i18n.locale, { ...options, timeZone: "UTC" }).format(
    Date.parse(`${date}T12:00:00Z`),
  );
}

/** Why an offer is recommended, in the app's language; what is not known here, as the API says it in English. */
export function useReason(): (reason: ReasonLine) => { says: string; lang?: "en" } {
  const { t, i18n } = useLingui();
  return (reason) => {
    const time = duration(reason.minutes ?? 0, i18n.locale);
    const amount = reason.amount ? money(reason.amount, i18n.locale) : "";
    const { times = 0, of = 0 } = reason;
    switch (reason.code) {
      case "cheapest":
        return { says: t`Cheapest` };
      case "fastest":
        return { says: t`Fastest` };
      case "faster-than-cheapest":
        return { says: t`${time} faster than the cheapest, for ${amount} more` };
      case "fewest-stops":
        return { says: times === 0 ? t`Direct` : t`Fewest stops` };
      case "on-time":
        return { says: t`On time ${times} of the last ${of} times` };
      case "ranked":
        return { says: t`Best balance of price, time and punctuality` };
      default:
        return { says: reason.text, lang: "en" };
    }
  };
}
