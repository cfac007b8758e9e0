import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "../api/client";
import { ApiProblem } from "../api/problems";
import type { BookingAnswer, DocumentRequest, FlightWanted, Money } from "../api/types";
import { bookingIs } from "../book/bookings";
import { accessTo } from "../book/kept";
import { onceKey, settled } from "../book/onceKey";

/** What can be done with a booking. Each answers with the booking as it then stands, and all pages show it. */
export function useVerbs(pnr: string) {
  const client = useQueryClient();
  const path = { pnr };
  const headers = accessTo(pnr);
  return {
    cancel: async () => {
      await once(client, `cancel ${pnr}`, null, (header) =>
        unwrap(api.POST("/v1/bookings/{pnr}/cancel", { params: { path, header }, headers })),
      );
      settled("hold"); // who holds the same once more means it anew
    },
    /** Take the flights that are held (none named), or others of the options. */
    rebook: (flights?: string[]) =>
      once(client, `rebook ${pnr}`, flights ?? null, (header) =>
        unwrap(
          api.POST("/v1/bookings/{pnr}/rebook", { params: { path, header }, headers, body: { flights } }),
        ),
      ),
    change: (flights: FlightWanted[], due: Money) =>
      once(client, `change ${pnr}`, [flights, due], (header) =>
        unwrap(
          api.POST("/v1/bookings/{pnr}/change", {
            params: { path, header },
            headers,
            body: { flights, due },
          }),
        ),
      ),
    checkIn: (flight: string, passengers: number[]) =>
      once(client, `check in ${pnr}`, [flight, passengers], (header) =>
        unwrap(
          api.POST("/v1/bookings/{pnr}/check-in", {
            params: { path, header },
            headers,
            body: { flight, passengers },
          }),
        ),
      ),
    /** A passport leaves nothing on the device, not even a mark of what was sent: a second one replaces the first. */
    giveDocument: async (body: DocumentRequest) => {
      const header = { "Idempotency-Key": crypto.randomUUID() };
      const given = await unwrap(
        api.POST("/v1/bookings/{pnr}/documents", { params: { path, header }, headers, body }),
      );
      bookingIs(client, given);
      return given;
    },
    leaveWaitlist: async () => {
      await unwrap(api.DELETE("/v1/waitlist/{pnr}", { params: { path }, headers }));
      await client.invalidateQueries({ queryKey: ["kept", "booking", pnr] });
      await client.invalidateQueries({ queryKey: ["mine", "booking", pnr] });
    },
  };
}

/** Done once, however often it is sent: the key stays the same until it is known what became of it. */
async function once(
  client: QueryClient,
  purpose: string,
  body: unknown,
  send: (header: { "Idempotency-Key": string }) => Promise<BookingAnswer>,
): Promise<BookingAnswer> {
  try {
    const booking = await send({ "Idempotency-Key": await onceKey(purpose, body) });
    settled(purpose);
    bookingIs(client, booking);
    return booking;
  } catch (reason) {
    // Refused for good; with Retry-After the same request is still at work.
    if (reason instanceof ApiProblem && reason.status < 500 && reason.retryAfter === undefined)
      settled(purpose);
    throw reason;
  }
}
