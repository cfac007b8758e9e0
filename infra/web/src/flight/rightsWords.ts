import type { I18n, MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import type { RightLine } from "../api/types";
import { span } from "./spans";

// The API says rights in English. What it can say is fixed (chalicelib/flights/rights.py): each of its texts stands here
// beside the words of the page, with {braces} for what is filled in. What is not here is shown as the API says it.
// tests/fences/test_web_words.py holds both together.

type Row = readonly [api: string, words: MessageDescriptor];

/** What a right is to. */
export const KINDS: Readonly<Record<string, MessageDescriptor>> = {
  compensation: msg`Compensation`,
  refund: msg`A refund of the ticket`,
  "re-routing": msg`Another way to your destination`,
  care: msg`Meals, drinks and, overnight, a hotel`,
  transfer: msg`The way to the airport you booked`,
};

/** By which rules. */
export const SCHEMES: Readonly<Record<string, MessageDescriptor>> = {
  EU261: msg`EU Regulation 261/2004`,
  UK261: msg`UK Regulation 261`,
  "US-DOT": msg`US refund rules`,
};

export const TEXTS: readonly Row[] = [
  // What may be due
  [
    "A refund of the ticket, within seven days, may be due.",
    msg`A refund of the ticket, within seven days, may be due.`,
  ],
  [
    "A refund of the ticket, with taxes and fees, may be due.",
    msg`A refund of the ticket, with taxes and fees, may be due.`,
  ],
  [
    "Re-routing to your destination, as soon as possible or at a later date you choose, may be due.",
    msg`Another flight to your destination, as soon as possible or at a later date you choose, may be due.`,
  ],
  [
    "Meals, refreshments, two calls or e-mails and, overnight, a hotel may be due.",
    msg`Meals, refreshments, two calls or emails and, overnight, a hotel may be due.`,
  ],
  ["Compensation may be due.", msg`Compensation may be due.`],
  [
    "Compensation of {sum} for each passenger may be due.",
    msg({ message: "Compensation of {sum} for each passenger may be due." }),
  ],
  [
    "The cost of the transfer to {airport}, or to a place nearby agreed with you, may be due.",
    msg({
      message: "The cost of the transfer to {airport}, or to a place nearby agreed with you, may be due.",
    }),
  ],
  // Under what conditions
  [
    "You had a confirmed booking and, unless the flight was cancelled, checked in on time.",
    msg`You had a confirmed booking and, unless the flight was cancelled, checked in on time.`,
  ],
  [
    "Not where you received benefits or compensation and were given assistance in the country of departure.",
    msg`Not where you received benefits or compensation and were given assistance in the country of departure.`,
  ],
  [
    "Not where the airline proves extraordinary circumstances that could not have been avoided even if all reasonable measures had been taken.",
    msg`Not where the airline proves extraordinary circumstances that could not have been avoided even if all reasonable measures had been taken.`,
  ],
  [
    "Distance and delay count from the first airport of your booking to its last, where a door opens; here they are those of this flight, to the gate.",
    msg`Distance and delay count from the first airport of your booking to its last, where a door opens; here they are those of this flight, to the gate.`,
  ],
  ["The sum depends on the distance.", msg`The sum depends on the distance.`],
  [
    "The flight is close to the limit of {km} km; measured exactly, other sums and times may hold.",
    msg({
      message:
        "The flight is close to the limit of {km} km; measured exactly, other sums and times may hold.",
    }),
  ],
  [
    "Only if the airline operating the flight is licensed in {countries}; where it is licensed is not known here.",
    msg({
      message:
        "Only if the airline operating the flight is licensed in {countries}; where it is licensed is not known here.",
    }),
  ],
  ["Only if you do not travel on the flight.", msg`Only if you do not travel on the flight.`],
  [
    "You choose between the refund and the re-routing.",
    msg`You choose between the refund and another flight to your destination.`,
  ],
  ["While you wait for the re-routing.", msg`While you wait for the other flight.`],
  [
    "A hotel, and the way there, only where you must stay a night.",
    msg`A hotel, and the way there, only where you must stay a night.`,
  ],
  [
    "What you had to buy yourself can be claimed with receipts, as far as necessary and reasonable.",
    msg`What you had to buy yourself can be claimed with receipts, as far as necessary and reasonable.`,
  ],
  ["{sum} from {span} late on.", msg({ message: "{sum} from {span} late on." })],
  [
    "The airline may pay half where the re-routing it offers arrives at most {span} late.",
    msg({
      message: "The airline may pay half where the other flight it offers arrives at most {span} late.",
    }),
  ],
  [
    "Not where the airline told you at least {days} days before departure.",
    msg({ message: "Not where the airline told you at least {days} days before departure." }),
  ],
  [
    "Compensation only where the airline told you less than {days} days before departure; the cancellation was reported {ago} days before.",
    msg({
      message:
        "Compensation only where the airline told you less than {days} days before departure; the cancellation was reported {ago} days before.",
    }),
  ],
  [
    "The cancellation was last reported less than a day before departure; what counts is when the airline told you.",
    msg`The cancellation was last reported less than a day before departure; what counts is when the airline told you.`,
  ],
  [
    "The cancellation was last reported 1 day before departure; what counts is when the airline told you.",
    msg`The cancellation was last reported one day before departure; what counts is when the airline told you.`,
  ],
  [
    "The cancellation was last reported {ago} days before departure; what counts is when the airline told you.",
    msg({
      message:
        "The cancellation was last reported {ago} days before departure; what counts is when the airline told you.",
    }),
  ],
  [
    "The cancellation was last reported after departure; what counts is when the airline told you.",
    msg`The cancellation was last reported after departure; what counts is when the airline told you.`,
  ],
  [
    "Not where the airline offered you a re-routing leaving at most {earlier} earlier and arriving less than {later} later than booked.",
    msg({
      message:
        "Not where the airline offered you another flight leaving at most {earlier} earlier and arriving less than {later} later than booked.",
    }),
  ],
  [
    "If you reach {airport} {span} or more late, or the flight counts as cancelled.",
    msg({ message: "If you reach {airport} {span} or more late, or the flight counts as cancelled." }),
  ],
  [
    "Half of it where you are less than {span} late.",
    msg({ message: "Half of it where you are less than {span} late." }),
  ],
  [
    "Where the airport of landing does not serve the same town, city or region.",
    msg`Where the airport of landing does not serve the same town, city or region.`,
  ],
  [
    "Where you were moved to another flight: one that came back then counts as cancelled.",
    msg`Where you were moved to another flight: one that came back then counts as cancelled.`,
  ],
  [
    "Where the airport of landing serves the same town, city or region.",
    msg`Where the airport of landing serves the same town, city or region.`,
  ],
  ["The flight is cancelled.", msg`The flight is cancelled.`],
  [
    "Another airport of arrival is a significant change; whether a diversion on the way is one is not settled.",
    msg`Another airport of arrival is a significant change; whether a diversion on the way is one is not settled.`,
  ],
  [
    "Only if you do not travel and accept no re-booking, voucher or other compensation, whatever the reason.",
    msg`Only if you do not travel and accept no re-booking, voucher or other compensation, whatever the reason.`,
  ],
  [
    "Times count for the whole trip as booked: {span} for trips within the US, {longer} for others.",
    msg({
      message:
        "Times count for the whole trip as booked: {span} for trips within the US, {longer} for others.",
    }),
  ],
  [
    "To be paid within 7 business days for credit cards, 20 calendar days otherwise; where you paid an agency, by the agency on request.",
    msg`To be paid within 7 business days for credit cards, 20 calendar days otherwise; where you paid an agency, by the agency on request.`,
  ],
  ["The flight arrived {span} late.", msg({ message: "The flight arrived {span} late." })],
  ["The flight arrived {span} early.", msg({ message: "The flight arrived {span} early." })],
  ["The flight left {span} late.", msg({ message: "The flight left {span} late." })],
  ["The flight left {span} early.", msg({ message: "The flight left {span} early." })],
  [
    "If the flight arrives as now expected, {span} late.",
    msg({ message: "If the flight arrives as now expected, {span} late." }),
  ],
  [
    "If the flight arrives as now expected, {span} early.",
    msg({ message: "If the flight arrives as now expected, {span} early." }),
  ],
  [
    "If the flight leaves as now expected, {span} late.",
    msg({ message: "If the flight leaves as now expected, {span} late." }),
  ],
  [
    "If the flight leaves as now expected, {span} early.",
    msg({ message: "If the flight leaves as now expected, {span} early." }),
  ],
  [
    "If the flight arrived as last expected, {span} late; that has not been reported.",
    msg({ message: "If the flight arrived as last expected, {span} late; that has not been reported." }),
  ],
  [
    "If the flight arrived as last expected, {span} early; that has not been reported.",
    msg({ message: "If the flight arrived as last expected, {span} early; that has not been reported." }),
  ],
  [
    "If the flight left as last expected, {span} late; that has not been reported.",
    msg({ message: "If the flight left as last expected, {span} late; that has not been reported." }),
  ],
  [
    "If the flight left as last expected, {span} early; that has not been reported.",
    msg({ message: "If the flight left as last expected, {span} early; that has not been reported." }),
  ],
  [
    "If the flight arrives as late as it leaves, {span}; no time of arrival is known.",
    msg({ message: "If the flight arrives as late as it leaves, {span}; no time of arrival is known." }),
  ],
  // How the reason for the trouble bears on the claim
  [
    "not known: no reason has been reported that tells whether the circumstances were extraordinary",
    msg`Not known: no reason has been reported that tells whether the circumstances were extraordinary.`,
  ],
  [
    "more likely: what belongs to an airline's own operation is usually not extraordinary",
    msg`More likely: what belongs to an airline’s own operation is usually not extraordinary.`,
  ],
  [
    "depends: on what happened with the passengers concerned",
    msg`It depends on what happened with the passengers concerned.`,
  ],
  [
    "less likely: weather is usually an extraordinary circumstance",
    msg`Less likely: weather is usually an extraordinary circumstance.`,
  ],
  [
    "less likely: air-traffic control's decisions are usually extraordinary circumstances",
    msg`Less likely: air-traffic control’s decisions are usually extraordinary circumstances.`,
  ],
  [
    "less likely: failings and orders of airports and authorities are often extraordinary",
    msg`Less likely: failings and orders of airports and authorities are often extraordinary.`,
  ],
  [
    "less likely: a security risk is often an extraordinary circumstance",
    msg`Less likely: a security risk is often an extraordinary circumstance.`,
  ],
  ["depends: on what made the earlier flight late", msg`It depends on what made the earlier flight late.`],
  [
    "less likely: events from outside, such as a bird strike, are often extraordinary",
    msg`Less likely: events from outside, such as a bird strike, are often extraordinary.`,
  ],
  [
    "This is general information from public rules, not legal advice.",
    msg`This is general information from public rules, not legal advice.`,
  ],
];

const PATTERNS = TEXTS.map(([api, words]) => ({
  words,
  pattern: new RegExp(`^${api.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{(\w+)\}/g, "(?<$1>.+?)")}$`),
}));

/** A text of the API in the language of the page; in English, as it came, where there are no words for it. */
export function rightsText(text: string, i18n: I18n): { words: string; english: boolean } {
  for (const { pattern, words } of PATTERNS) {
    const found = pattern.exec(text);
    if (!found) continue;
    const values = Object.entries(found.groups ?? {}).map(([name, value]) => [name, own(value, i18n)]);
    return {
      words: i18n._(words.id, Object.fromEntries(values), { message: words.message }),
      english: false,
    };
  }
  return { words: text, english: true };
}

/** What is due as a sum of money, in the words of the language. */
export function sum(
  { amount, currency }: Pick<RightLine, "amount" | "currency">,
  i18n: I18n,
): string | undefined {
  if (typeof amount !== "number" || !currency) return undefined;
  return money(amount, currency, i18n);
}

function money(amount: number, currency: string, i18n: I18n): string {
  const options = { style: "currency", currency, maximumFractionDigits: 0 } as const;
  return new Intl.NumberFormat(i18n.locale, options).format(amount);
}

/** What is filled into a text: lengths of time, sums and countries in the language of the page, all else as it is. */
function own(value: string, i18n: I18n): string {
  const time = /^(\d+) h(?: (\d+) min)?$/.exec(value);
  if (time) return span(Number(time[1]) * 60 + Number(time[2] ?? 0), i18n);
  const due = /^([A-Z]{3}) (\d+)$/.exec(value);
  if (due) return money(Number(due[2]), due[1] ?? "", i18n);
  const countries = COUNTRIES[value];
  return countries ? i18n._(countries) : value;
}

const COUNTRIES: Readonly<Record<string, MessageDescriptor>> = {
  "the EU, Iceland, Norway or Switzerland": msg`the EU, Iceland, Norway or Switzerland`,
  "the EU, the UK, Iceland, Norway or Switzerland": msg`the EU, the UK, Iceland, Norway or Switzerland`,
  "the UK, the EU, Iceland or Norway": msg`the UK, the EU, Iceland or Norway`,
  "the UK": msg`the UK`,
};
