import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../api/client";
import { type Part, partsOf, partyOf, type SearchParams, tripOf } from "./query";

const AT_ONCE = 60; // offers: more than anybody reads, of the two hundred of a trip there and back
const MINUTE = 60_000;

/** The offers of a search: seats and prices as they are now. */
export function offersOf(search: SearchParams) {
  const { trip, from, to, date } = search;
  const where = trip !== undefined ? { trip } : { from, to, date, return: search.return };
  const query = {
    ...where,
    ...partyAndCabin(search),
    sort: search.sort,
    limit: AT_ONCE,
    ...(search.direct && { stops: 0 }),
  };
  return queryOptions({
    queryKey: ["search", query],
    queryFn: ({ signal }) => unwrap(api.GET("/v1/search", { params: { query }, signal })),
    staleTime: MINUTE / 2,
    gcTime: 5 * MINUTE,
    enabled: partsOf(search).length > 0,
  });
}

/** The lowest price of each day of a month (YYYY-MM), one way. */
export function daysOf(part: Part, month: string, search: SearchParams) {
  const query = { from: part.from, to: part.to, month, ...partyAndCabin(search) };
  return queryOptions({
    queryKey: ["search", "days", query],
    queryFn: async ({ signal }) =>
      (await unwrap(api.GET("/v1/search/days", { params: { query }, signal }))).days,
    staleTime: 5 * MINUTE,
    gcTime: 10 * MINUTE,
  });
}

/** How the fare of a flight comes about at this moment. */
export function explained(flight: string, search: SearchParams) {
  const query = { flight, ...partyAndCabin(search) };
  return queryOptions({
    queryKey: ["search", "explained", query],
    queryFn: ({ signal }) => unwrap(api.GET("/v1/fare/explain", { params: { query }, signal })),
    staleTime: MINUTE / 2,
    gcTime: 5 * MINUTE,
  });
}

/** A trip's address with its journeys as they were typed. */
export function searchFor(
  kind: "return" | "one way" | "several",
  parts: readonly Part[],
  rest: SearchParams,
): SearchParams {
  const [first, second] = parts;
  const { passengers, children, infants, cabin, sort, direct } = rest;
  const others = { passengers, children, infants, cabin, sort, direct };
  if (kind === "several") return { trip: tripOf(parts), ...others };
  const back = kind === "return" ? second?.date : undefined;
  return { from: first?.from, to: first?.to, date: first?.date, return: back, ...others };
}

function partyAndCabin(search: SearchParams) {
  const { adults, children, infants } = partyOf(search);
  return { passengers: adults, children, infants, cabin: search.cabin ?? ("economy" as const) };
}
