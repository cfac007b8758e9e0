import { api, unwrap } from "../api/client";
import type { BookingAnswer, HoldRequest, OfferLine } from "../api/types";
import { accessTo } from "./kept";
import { onceKey, settled } from "./onceKey";
import { heardAt, left, wallNow } from "./wall";

const OFFER = "gatecall.offer"; // what was chosen, so that it is shown after a reload too
const HOLDING = "gatecall.holding"; // the PNR that this tab holds

/** Hold what is ordered, once: the same order again finds what it was given, also after a reload. */
export async function hold(order: HoldRequest): Promise<BookingAnswer> {
  const booking = await ask(order);
  if (!booking.hold_until || !left(booking.hold_until, wallNow()).over) return goOn(booking);
  settled("hold"); // that hold is over: the same order is meant anew
  return goOn(await ask(order));
}

/** Wait for seats of flights that are full. */
export async function wait({ total: _, ...order }: HoldRequest): Promise<BookingAnswer> {
  const key = await onceKey("waitlist", order);
  const header = { "Idempotency-Key": key };
  return unwrap(api.POST("/v1/waitlist", { params: { header }, body: order }));
}

/** Give back what is held; that it is no more is all the same. */
export async function release(pnr: string): Promise<void> {
  const header = { "Idempotency-Key": await onceKey(`release ${pnr}`, {}) };
  await api
    .POST("/v1/bookings/{pnr}/cancel", { params: { path: { pnr }, header }, headers: accessTo(pnr) })
    .catch(() => undefined);
}

/** The offer that was chosen in this tab, where it is of these flights. */
export function chosenOffer(flights: readonly string[]): OfferLine | undefined {
  try {
    const offer: OfferLine | null = JSON.parse(sessionStorage.getItem(OFFER) ?? "null");
    const its = offer?.journeys.flatMap(({ segments }) => segments.map(({ flight }) => flight)) ?? [];
    return offer && its.join() === flights.join() ? offer : undefined;
  } catch {
    return undefined;
  }
}

/** Remember in this tab what was chosen. */
export function choose(offer: OfferLine): void {
  try {
    sessionStorage.setItem(OFFER, JSON.stringify(offer));
  } catch {
    // its flights are named by the address
  }
}

async function ask(order: HoldRequest): Promise<BookingAnswer> {
  const header = { "Idempotency-Key": await onceKey("hold", order) };
  const asked = api.POST("/v1/bookings", { params: { header }, body: order });
  heardAt((await asked).response.headers.get("Date"));
  return unwrap(asked);
}

/** What this tab held before with other names or flights is given back: one trip is booked at a time. */
function goOn(booking: BookingAnswer): BookingAnswer {
  try {
    const before = sessionStorage.getItem(HOLDING);
    if (before && before !== booking.pnr) void release(before);
    sessionStorage.setItem(HOLDING, booking.pnr);
  } catch {
    // its seats come back by themselves
  }
  return booking;
}
