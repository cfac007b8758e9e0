import type { Money } from "../api/types";

/** An amount as people of a language write it: minor units of an ISO 4217 currency, such as 12345 cents. */
export function money({ amount, currency = "USD" }: Money, language: string): string {
  const words = new Intl.NumberFormat(language, { style: "currency", currency });
  return words.format(amount / 10 ** (words.resolvedOptions().maximumFractionDigits ?? 2));
}
