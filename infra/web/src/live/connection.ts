import ReconnectingWebSocket from "partysocket/ws";
import { useEffect, useSyncExternalStore } from "react";
import type { ChangeLine, FlightRow, SeatMapAnswer } from "../api/types";
import { tell } from "./clock";

/** What the server says (chalicelib/live/messages.py). */
export type Told =
  | { type: "state"; topic: string; part: number; parts: number; flights: FlightRow[]; seats?: undefined }
  | {
      type: "state";
      topic: string;
      part: number;
      parts: number;
      flights?: undefined;
      seats: SeatMapAnswer | null;
    }
  | { type: "change"; flight: FlightRow; version: number; changes: ChangeLine[] }
  | { type: "watching"; topics: string[] }
  | { type: "pong"; at: string }
  | { type: "error"; detail: string };

/** How the app is connected: "idle" where nothing is watched. `heard`: when the server last spoke, `since`: of this state. */
export type Connection = {
  state: "idle" | "connecting" | "live" | "lost" | "offline";
  since: number;
  heard: number | undefined;
};

const PING_EVERY = 50_000; // API Gateway closes what is silent for ten minutes; a dead network is found sooner
const PONG_WITHIN = 8_000;
const LEAVE_AFTER = 2_000; // so that what is left and watched again at once stays watched
const IDLE_AFTER = 10_000; // with nothing to watch, so that going from page to page keeps the connection
const AGAIN_AFTER = 5_000; // when the server could not do what it was told; twice as long each time
const AGAIN_WITHIN = 300_000;
const WATCHED_AT_ONCE = 10; // topics in a message; it may have 4 kB

/** One WebSocket for the whole app: it watches what is on the page, reconnects with backoff, and watches all anew. */
export class LiveConnection {
  #socket: ReconnectingWebSocket | undefined;
  #topics = new Map<string, number>(); // how many parts of the page watch it
  #leaving = new Map<string, ReturnType<typeof setTimeout>>(); // watched by none, and not said so yet
  #connection: Connection = { state: "idle", since: Date.now(), heard: undefined };
  #listeners = new Set<() => void>();
  #hearers = new Set<(told: Told) => void>();
  #ping: ReturnType<typeof setInterval> | undefined;
  #pong: ReturnType<typeof setTimeout> | undefined;
  #idle: ReturnType<typeof setTimeout> | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;
  #refusals = 0; // since it is connected

  constructor(private readonly url: () => string) {
    addEventListener("online", () => this.#retry());
    addEventListener("offline", () => this.#become(this.#socket ? "offline" : "idle"));
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState !== "visible") return;
      if (this.#connection.state === "lost") this.#retry();
      else this.#ask();
    });
  }

  get connection(): Connection {
    return this.#connection;
  }

  /** Be told when the connection's state changes. */
  onConnection = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Be told what the server says. */
  onTold(hearer: (told: Told) => void): () => void {
    this.#hearers.add(hearer);
    return () => this.#hearers.delete(hearer);
  }

  /** Watch a topic until the function that is returned is called. The server begins with its state. */
  watch(topic: string): () => void {
    clearTimeout(this.#idle);
    const watchers = this.#topics.get(topic) ?? 0;
    this.#topics.set(topic, watchers + 1);
    const leaving = this.#leaving.get(topic);
    clearTimeout(leaving);
    this.#leaving.delete(topic);
    if (!this.#socket) this.#open();
    else if (!watchers && leaving === undefined) this.#say({ action: "watch", topics: [topic] });
    let watching = true;
    return () => {
      if (!watching) return;
      watching = false;
      const left = (this.#topics.get(topic) ?? 1) - 1;
      if (left) this.#topics.set(topic, left);
      else {
        this.#topics.delete(topic);
        this.#leave(topic);
        if (!this.#topics.size) this.#idle = setTimeout(() => this.#close(), IDLE_AFTER);
      }
    };
  }

  /** Say that a topic is not watched any more, a little later: messages may be done in any order, and it may be back. */
  #leave(topic: string): void {
    const leaving = setTimeout(() => {
      this.#leaving.delete(topic);
      this.#say({ action: "unwatch", topics: [topic] });
    }, LEAVE_AFTER);
    this.#leaving.set(topic, leaving);
  }

  #open(): void {
    this.#become(navigator.onLine ? "connecting" : "offline");
    const socket = new ReconnectingWebSocket(this.url, [], {
      minReconnectionDelay: 500 + Math.random() * 1000, // a thousand clients don't all come back in one second
      maxReconnectionDelay: 30_000,
      reconnectionDelayGrowFactor: 1.7,
      connectionTimeout: 8_000,
      maxEnqueuedMessages: 0, // what to watch is said anew
    });
    this.#socket = socket;
    socket.addEventListener("open", () => this.#opened());
    socket.addEventListener("close", () => {
      if (this.#socket === socket) this.#closed();
    });
    socket.addEventListener("message", ({ data }) => this.#told(data));
  }

  #opened(): void {
    this.#refusals = 0;
    for (const leaving of this.#leaving.values()) clearTimeout(leaving); // nothing is watched yet
    this.#leaving.clear();
    this.#watchAll();
    this.#ask();
    clearInterval(this.#ping);
    this.#ping = setInterval(() => this.#ask(), PING_EVERY);
    setTimeout(() => this.#ask(), 2_000); // two readings tell how fast the flight clock runs
  }

  #watchAll(): void {
    const topics = [...this.#topics.keys()];
    for (let first = 0; first < topics.length; first += WATCHED_AT_ONCE) {
      this.#say({ action: "watch", topics: topics.slice(first, first + WATCHED_AT_ONCE) });
    }
  }

  /** The server did not do what it was told, such as to watch: it is told all anew, before long. */
  #refused(): void {
    clearTimeout(this.#again);
    const wait = Math.min(AGAIN_AFTER * 2 ** this.#refusals, AGAIN_WITHIN);
    this.#again = setTimeout(() => this.#watchAll(), wait);
    this.#refusals += 1;
  }

  #closed(): void {
    clearInterval(this.#ping);
    clearTimeout(this.#pong);
    clearTimeout(this.#again);
    this.#become(navigator.onLine ? "lost" : "offline"); // a first try that fails, too
  }

  #close(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#closed();
    socket?.close();
    this.#become("idle");
  }

  /** Connect at once, by a new socket: one that waits for its next try goes on waiting whatever it is told. */
  #retry(): void {
    const before = this.#socket;
    if (!before) return;
    this.#open();
    before.close();
  }

  /** Ask whether the server is still there: a network that is gone does not always say so. */
  #ask(): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#say({ action: "ping" });
    clearTimeout(this.#pong);
    this.#pong = setTimeout(() => this.#socket?.reconnect(), PONG_WITHIN);
  }

  #say(message: { action: "ping" } | { action: "watch" | "unwatch"; topics: string[] }): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #told(data: string): void {
    const told: Told = JSON.parse(data);
    if (told.type === "pong") {
      clearTimeout(this.#pong);
      tell(told.at);
    }
    if (!told.type || told.type === "error") this.#refused(); // API Gateway's own errors have no type
    this.#become("live", Date.now());
    for (const hearer of this.#hearers) hearer(told);
  }

  #become(state: Connection["state"], heard = this.#connection.heard): void {
    const since = state === this.#connection.state ? this.#connection.since : Date.now();
    this.#connection = { state, since, heard };
    for (const listener of this.#listeners) listener();
  }
}

/** The app's connection, at /ws of its own host. */
export const live = new LiveConnection(() => `${location.origin.replace(/^http/, "ws")}/ws`);

/** The connection's state; renders again when it changes. */
export function useConnection(): Connection {
  return useSyncExternalStore(live.onConnection, () => live.connection);
}

/** Watch topics, such as `airport:EWR:departures`, as long as the component is shown. */
export function useLive(topics: readonly string[]): void {
  const key = topics.join(" ");
  useEffect(() => {
    const ends = key ? key.split(" ").map((topic) => live.watch(topic)) : [];
    return () => {
      for (const end of ends) end();
    };
  }, [key]);
}
