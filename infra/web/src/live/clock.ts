import { useEffect, useState, useSyncExternalStore } from "react";

/** The flight clock, as the server's pongs tell it: `at` flight time when the local clock showed `local`. */
export type Reading = { at: number; local: number };

let reading: Reading | undefined;
let rate = 1;
const listeners = new Set<() => void>();

/** Flight time in milliseconds at a local time, from the last two readings: on one machine it may run faster. */
export function flightTime(local: number, last: Reading | undefined, pace: number): number {
  return last ? last.at + (local - last.local) * pace : local;
}

/** How fast the flight clock runs between two readings; 1 where they are too close to tell, or next to real time. */
export function pace(before: Reading | undefined, after: Reading): number {
  if (!before || after.local - before.local < 900) return 1;
  const found = (after.at - before.at) / (after.local - before.local);
  return Math.abs(found - 1) < 0.05 ? 1 : found;
}

/** A pong told the flight time. */
export function tell(at: string): void {
  const next = { at: Date.parse(at), local: Date.now() };
  if (reading && next.local - reading.local >= 900) rate = pace(reading, next);
  reading = next;
  for (const listener of listeners) listener();
}

/** What the flight clock showed when the local clock showed `local`, both in milliseconds. */
export function flightAt(local: number): number {
  return flightTime(local, reading, rate);
}

/** The flight clock now, in milliseconds. */
export function flightNow(): number {
  return flightAt(Date.now());
}

/** The flight clock in milliseconds, rendered again every so many seconds and when the server tells it. */
export function useNow(everySeconds: number): number {
  const [now, setNow] = useState(flightNow);
  const told = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => reading,
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was told sets the clock anew
  useEffect(() => {
    setNow(flightNow());
    const timer = setInterval(() => setNow(flightNow()), everySeconds * 1000);
    return () => clearInterval(timer);
  }, [everySeconds, told]);
  return now;
}
