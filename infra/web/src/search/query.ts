import type { Cabin } from "../api/types";

/** In which order offers are shown. */
export type Sort = "best" | "price" | "fastest" | "departure";

/** A journey that is sought: airports or cities by their codes, and the date at the origin. */
export type Part = { from: string; to: string; date: string };

/** Who flies. Infants sit on laps. */
export type Party = { adults: number; children: number; infants: number };

/** What the address of /search says; all of it may be missing, as the form is then. */
export type SearchParams = {
  from?: string;
  to?: string;
  date?: string;
  return?: string;
  /** Several journeys, as the API takes them: NYC-LAX-2026-12-01,LAX-SFO-2026-12-05. */
  trip?: string;
  passengers?: number;
  children?: number;
  infants?: number;
  cabin?: Cabin;
  sort?: Sort;
  direct?: boolean;
};

export const CABINS = ["economy", "business", "first"] as const satisfies readonly Cabin[];
export const SORTS = ["best", "price", "fastest", "departure"] as const satisfies readonly Sort[];
export const MOST_SEATS = 9;
export const MOST_PARTS = 6;
/** Flights are sold so many days ahead. */
export const HORIZON = 60;

/** What an address says, without what makes no sense. */
export function readSearch(search: Record<string, unknown>): SearchParams {
  const passengers = number(search.passengers, 1, MOST_SEATS);
  return {
    from: code(search.from),
    to: code(search.to),
    date: date(search.date),
    return: date(search.return),
    trip: typeof search.trip === "string" && search.trip.length <= 200 ? search.trip : undefined,
    passengers,
    children: number(search.children, 1, MOST_SEATS - (passengers ?? 1)),
    infants: number(search.infants, 1, passengers ?? 1),
    cabin: CABINS.find((each) => each !== "economy" && each === search.cabin),
    sort: SORTS.find((each) => each !== "best" && each === search.sort),
    direct: search.direct === true || search.direct === "true" ? true : undefined,
  };
}

/** The journeys that an address asks for; of a half-filled one, none. */
export function partsOf(search: SearchParams): Part[] {
  if (search.trip !== undefined)
    return search.trip.split(",").flatMap((each) => {
      const [, from, to, day] = /^(\w{3,4})-(\w{3,4})-(\d{4}-\d{2}-\d{2})$/.exec(each.trim()) ?? [];
      return from && to && day ? [{ from: from.toUpperCase(), to: to.toUpperCase(), date: day }] : [];
    });
  const { from, to, date } = search;
  if (!from || !to || !date) return [];
  const out = { from, to, date };
  return search.return ? [out, { from: to, to: from, date: search.return }] : [out];
}

/** Who flies, by an address. */
export function partyOf({ passengers = 1, children = 0, infants = 0 }: SearchParams): Party {
  return { adults: passengers, children, infants };
}

/** How many seats a party needs. */
export function seatsOf({ adults, children }: Party): number {
  return adults + children;
}

/** Why a party can't be booked as one: as the API says it too (pricing.model.Party). */
export function partyTrouble(party: Party): "too many" | "too many infants" | undefined {
  if (seatsOf(party) > MOST_SEATS) return "too many";
  if (party.infants > party.adults) return "too many infants";
  return undefined;
}

/** A date so many days after another, by the calendar. */
export function daysAfter(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** The dates around one, of those that are on sale. */
export function datesAround(date: string, first: string, last: string): string[] {
  return [-3, -2, -1, 0, 1, 2, 3]
    .map((days) => daysAfter(date, days))
    .filter((each) => each >= first && each <= last);
}

/** An address with another date for one of its journeys: a way back is not before the way there. */
export function withDate(search: SearchParams, part: number, date: string): SearchParams {
  if (search.trip !== undefined) {
    const parts = partsOf(search).map((each, at) => (at === part ? { ...each, date } : each));
    return { ...search, trip: tripOf(parts) };
  }
  if (part === 1) return { ...search, return: date };
  const back = search.return && search.return < date ? date : search.return;
  return { ...search, date, return: back };
}

/** Several journeys as the API takes them. */
export function tripOf(parts: readonly Part[]): string {
  return parts.map(({ from, to, date }) => `${from}-${to}-${date}`).join(",");
}

function code(value: unknown): string | undefined {
  return typeof value === "string" && /^[A-Za-z0-9]{3,4}$/.test(value) ? value.toUpperCase() : undefined;
}

function date(value: unknown): string | undefined {
  return typeof value === "string" && /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value))
    ? value
    : undefined;
}

/** A count from an address; undefined below `least`, which is the usual. */
function number(value: unknown, least: number, most: number): number | undefined {
  const count = Number(value);
  return Number.isInteger(count) && count >= least
    ? Math.min(count, Math.max(most, 0)) || undefined
    : undefined;
}
