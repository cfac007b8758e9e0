import { useSyncExternalStore } from "react";

// The bookings that this device may open without logging in, by the token that came with each. They stay here.
const KEPT = "gatecall.bookings";
const MOST = 30;

const listeners = new Set<() => void>();

type Kept = Record<string, string>; // PNR → token, the newest last

/** Keep how a booking is opened here; where its account is logged in, nothing needs to be kept. */
export function keepBooking({ pnr, link }: { pnr: string; link: string }): void {
  const { [pnr]: _, ...others } = kept();
  write(Object.fromEntries([...Object.entries(others), [pnr, link]].slice(-MOST)));
}

/** Forget how a booking is opened here. */
export function forgetBooking(pnr: string): void {
  const { [pnr]: _, ...others } = kept();
  write(others);
}

/** The PNRs that can be opened here, the newest first, as they change on this page or in another tab. */
export function useKeptBookings(): string[] {
  useSyncExternalStore(onChange, () => read() ?? "");
  return keptBookings();
}

/** The PNRs that can be opened here, the newest first. */
export function keptBookings(): string[] {
  return Object.keys(kept()).reverse();
}

/** Whether a booking can be opened here. */
export function isKept(pnr: string): boolean {
  return pnr in kept();
}

/** The headers by which a booking is opened: its own token where one is kept; else the session's is sent by itself. */
export function accessTo(pnr: string): { Authorization?: string } {
  const token = kept()[pnr];
  return token ? { Authorization: `Bearer ${token}` } : {};
}

function kept(): Kept {
  try {
    const found: unknown = JSON.parse(read() ?? "{}");
    if (typeof found !== "object" || found === null) return {};
    const entries = Object.entries(found).filter(
      (each): each is [string, string] => typeof each[1] === "string",
    );
    return Object.fromEntries(entries);
  } catch {
    return {};
  }
}

function read(): string | null {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

function onChange(listener: () => void): () => void {
  listeners.add(listener);
  addEventListener("storage", listener);
  return () => {
    listeners.delete(listener);
    removeEventListener("storage", listener);
  };
}

function write(next: Kept): void {
  try {
    localStorage.setItem(KEPT, JSON.stringify(next));
  } catch {
    // A browser that keeps nothing: the booking is found by its locator and a family name.
  }
  for (const listener of listeners) listener();
}
