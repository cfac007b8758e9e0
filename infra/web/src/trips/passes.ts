import type { BookingAnswer } from "../api/types";

/** Who has a boarding pass for which flight; another seat makes it another pass. */
export type Coming = { flight: string; passenger: number; seat: string | null };

/** The boarding passes that a booking has, by flight, then by passenger. */
export function passesOf(booking: Pick<BookingAnswer, "flights" | "state">): Coming[] {
  if (booking.state !== "ticketed") return [];
  return booking.flights.flatMap(({ flight, checked_in, seats }) =>
    checked_in.map((passenger) => ({ flight, passenger, seat: seats[passenger] ?? null })),
  );
}
