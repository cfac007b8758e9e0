import { ApiProblem } from "../api/problems";
import type { Cabin, HoldRequest } from "../api/types";
import { isLanguage } from "../shell/language";

/** What was chosen of a search, as the address of /book says it: so it can be reloaded, and gone back to. */
export type BookSearch = {
  flights: string;
  total?: number;
  currency?: string;
  passengers?: number;
  children?: number;
  infants?: number;
  cabin?: Cabin;
};

export type Kind = "adult" | "child" | "infant";
type Passenger = HoldRequest["passengers"][number];
type Extras = NonNullable<HoldRequest["extras"]>;

export const MOST_BAGS = 5;

/** What an address says, without what makes no sense. */
export function readBookSearch(search: Record<string, unknown>): BookSearch {
  const count = (value: unknown, least: number) => {
    const read = Number(value);
    return Number.isInteger(read) && read >= least && read <= 9 ? read : undefined;
  };
  const total = Number(search.total);
  return {
    flights: typeof search.flights === "string" ? search.flights.toUpperCase() : "",
    total: Number.isInteger(total) && total > 0 ? total : undefined,
    currency: typeof search.currency === "string" ? search.currency : undefined,
    passengers: count(search.passengers, 1),
    children: count(search.children, 1),
    infants: count(search.infants, 1),
    cabin: search.cabin === "first" || search.cabin === "business" ? search.cabin : undefined,
  };
}

/** The flights of an address, by their ids. */
export function flightsOf({ flights }: BookSearch): string[] {
  return flights.split(",").filter(Boolean);
}

/** Who is to be named, in the order that the API wants: adults, children, infants. */
export function kindsOf({ passengers = 1, children = 0, infants = 0 }: BookSearch): Kind[] {
  const of = (kind: Kind, count: number): Kind[] => Array.from({ length: count }, () => kind);
  return [...of("adult", passengers), ...of("child", children), ...of("infant", infants)];
}

/** What is to be held, of the form's fields: they are named as the API names them. */
export function orderOf(
  search: BookSearch,
  fields: FormData,
  language: string,
  total: number | undefined,
): HoldRequest {
  const text = (name: string) => String(fields.get(name) ?? "").trim();
  const kinds = kindsOf(search);
  const passengers = kinds.map((kind, at): Passenger => {
    const born = text(`passengers.${at}.date_of_birth`);
    return {
      kind,
      family_name: text(`passengers.${at}.family_name`),
      given_name: text(`passengers.${at}.given_name`),
      ...(born && { date_of_birth: born }),
      ...(kind === "infant" && { lap_of: Number(text(`passengers.${at}.lap_of`)) }),
    };
  });
  const extras = kinds.flatMap((_, passenger): Extras => {
    const bags = Number(text(`bags.${passenger}`)) || 0;
    const service = fields.getAll(`services.${passenger}`).map(String).filter(Boolean);
    return [
      ...Array.from({ length: bags }, () => ({ code: "BAG", passenger })),
      ...service.map((code) => ({ code, passenger })),
    ];
  });
  const phone = text("contact.phone").replace(/[\s()./-]/g, "");
  return {
    flights: flightsOf(search).map((flight) => ({ flight, cabin: search.cabin ?? "economy" })),
    passengers,
    contact: {
      email: text("contact.email"),
      ...(phone && { phone }),
      language: isLanguage(language) ? language : "en",
    },
    extras,
    // With bags and services the price is another than the one that was shown: it is not held to it.
    ...(total !== undefined &&
      !extras.length && { total: { amount: total, currency: search.currency ?? "USD" } }),
  };
}

/** The price as it is by now, of the problem that says that it changed. */
export function newTotal(
  members: Readonly<Record<string, unknown>>,
): { amount: number; currency: string } | undefined {
  const { total } = members;
  if (typeof total !== "object" || total === null || !("amount" in total)) return undefined;
  const currency = "currency" in total && typeof total.currency === "string" ? total.currency : "USD";
  return typeof total.amount === "number" ? { amount: total.amount, currency } : undefined;
}

/** Whether a number can be called from abroad: E.164, as the API takes it. */
export function isPhone(number: string): boolean {
  return /^\+[1-9]\d{6,14}$/.test(number);
}

/** The dates of birth by which passengers are of another age than their fares are for, by their fields' names. */
export function fieldsOfAge(reason: unknown): string[] {
  if (!(reason instanceof ApiProblem)) return [];
  return reason.errors
    .map(({ name }) => name)
    .filter((name) => /^passengers\.\d+\.date_of_birth$/.test(name));
}
