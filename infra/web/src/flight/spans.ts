import type { I18n } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import { clockTime, day, isoDate } from "../ui/times";

/** A length of time in minutes, such as 1 h 25 min. */
export function span(minutes: number, i18n: I18n): string {
  const whole = Math.max(0, Math.round(minutes));
  const hours = Math.floor(whole / 60);
  const rest = whole % 60;
  if (!hours) return i18n._(msg`${rest} min`);
  return rest ? i18n._(msg`${hours} h ${rest} min`) : i18n._(msg`${hours} h`);
}

/** How late, from its minutes: 1 h 25 min late, 10 min early, on time. */
export function lateness(minutes: number, i18n: I18n): string {
  const by = span(Math.abs(minutes), i18n);
  if (minutes === 0) return i18n._(msg`on time`);
  return minutes > 0 ? i18n._(msg`${by} late`) : i18n._(msg`${by} early`);
}

/** The time of day by an airport's clocks, with the day where it is none of `of`. */
export function moment(instant: string, zone: string, i18n: I18n, of?: string | null): string {
  const time = clockTime(instant, zone, i18n.locale);
  if (!of || isoDate(instant, zone) === isoDate(of, zone)) return time;
  const date = day(instant, zone, i18n.locale);
  return i18n._(msg`${time} on ${date}`);
}

/** Minutes from one instant to another; negative where the other was before. */
export function minutesTo(instant: string, now: number): number {
  return (Date.parse(instant) - now) / 60_000;
}
