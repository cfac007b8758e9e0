import { useEffect, useState } from "react";

// Holds end by the server's clock, and a device's may be wrong by minutes.
let ahead = 0; // milliseconds that the server's clock shows more than this device's

/** An answer said what time it is (its header `Date`, whole seconds). */
export function heardAt(date: string | null, local = Date.now()): void {
  const at = Date.parse(date ?? "");
  if (Number.isFinite(at) && Math.abs(at + 500 - local - ahead) > 1500) ahead = at + 500 - local;
}

/** Wall time by the server's clock, in milliseconds. */
export function wallNow(): number {
  return Date.now() + ahead;
}

/** Wall time, rendered again each second as long as `running`. */
export function useWall(running = true): number {
  const [now, setNow] = useState(wallNow);
  useEffect(() => {
    setNow(wallNow());
    if (!running) return;
    const timer = setInterval(() => setNow(wallNow()), 1000);
    return () => clearInterval(timer);
  }, [running]);
  return now;
}

/** What is left as a clock shows it: 9:59, 1:59:51. */
export function clockOf({ minutes, seconds }: { minutes: number; seconds: number }): string {
  const two = (count: number) => String(count).padStart(2, "0");
  const hours = Math.floor(minutes / 60);
  return hours ? `${hours}:${two(minutes % 60)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

/** Whole seconds that are left until an instant, as minutes and seconds; zero once it is over. */
export function left(until: string, now: number): { minutes: number; seconds: number; over: boolean } {
  const all = Math.max(0, Math.ceil((Date.parse(until) - now) / 1000));
  return { minutes: Math.floor(all / 60), seconds: all % 60, over: all === 0 };
}
