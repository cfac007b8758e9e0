/** What a person typed to find a flight or an airport. */

// As chalicelib/flights/identity.py reads it: an airline's IATA or ICAO code, a number, perhaps a suffix.
const FLIGHT_NUMBER = /^([A-Z]{3}|[A-Z][A-Z0-9]|[0-9][A-Z])([0-9]{1,4})([A-Z]?)$/;

/** The flight number that a text is, as the API writes it: UA1591 of "ua 1591" or "UA01591". */
export function flightNumber(text: string): string | undefined {
  const [, carrier, number, suffix] = FLIGHT_NUMBER.exec(text.replace(/[\s-]/g, "").toUpperCase()) ?? [];
  return carrier && `${carrier}${Number(number)}${suffix}`;
}

/** Whether a text is a flight's number alone, which many airlines have. */
export function lacksAirline(text: string): boolean {
  return /^\s*[0-9]{2,4}\s*$/.test(text);
}

/** The dates from yesterday to tomorrow at an instant (milliseconds), by the clocks of this device. */
export function datesAround(now: number): { yesterday: string; today: string; tomorrow: string } {
  const date = (days: number) => {
    const day = new Date(now);
    day.setDate(day.getDate() + days);
    return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
  };
  return { yesterday: date(-1), today: date(0), tomorrow: date(1) };
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}
