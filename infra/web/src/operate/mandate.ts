import type { AccountLine, FlightRow, OperatorUpdate } from "../api/types";

/** What can be said of a flight, by the API's names. */
export type Field = keyof OperatorUpdate;

const AT_DEPARTURE: readonly Field[] = [
  "departure_gate",
  "departure_terminal",
  "estimated_out",
  "delay_codes",
  "cancelled",
  "diverted_to",
  "note",
];
const AT_ARRIVAL: readonly Field[] = ["arrival_gate", "arrival_terminal", "belt", "estimated_in", "note"];

type Acts = Pick<AccountLine, "role" | "airlines" | "airports">;

/**
 * What an account may say of a flight; the API, which decides, has the same rule (chalicelib/flights/operate.py). An
 * airline says everything of its flights, an airport what happens there; where a flight is diverted, the airport it
 * goes to as its destination.
 */
export function mandate(account: Acts, flight: FlightRow): ReadonlySet<Field> {
  const all = new Set([...AT_DEPARTURE, ...AT_ARRIVAL]);
  if (account.role === "admin") return all;
  if (account.role !== "operator") return new Set();
  // The API knows which airline UAL is and which airport KEWR; this page does not, and leaves it to the API to say no.
  if (
    account.airlines.some((code) => code.length === 3) ||
    account.airports.some((code) => code.length === 4)
  )
    return all;
  if (account.airlines.includes(carrierOf(flight.number))) return all;
  const at = (code: string | null | undefined) => !!code && account.airports.includes(code);
  return new Set([
    ...(at(flight.departure.airport) ? AT_DEPARTURE : []),
    ...(at(flight.arrival.airport) || at(flight.diverted_to) ? AT_ARRIVAL : []),
  ]);
}

/** Whether an account may say anything of a flight. */
export function mayOperate(account: Acts, flight: FlightRow): boolean {
  return mandate(account, flight).size > 0;
}

/** The designator that a flight number begins with: UA of UA1545, UAL of UAL1545, 9E of 9E3342. */
export function carrierOf(number: string): string {
  return /^([A-Z]{3}|[A-Z][A-Z0-9]|[0-9][A-Z])(?=[0-9]{1,4}[A-Z]?$)/.exec(number)?.[1] ?? "";
}
