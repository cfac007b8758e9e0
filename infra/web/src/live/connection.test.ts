import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LiveConnection, type Told } from "./connection";

const PONG: Told = { type: "pong", at: "2026-11-21T12:00:00Z" };

/** A WebSocket without a network: the test is the server. */
class FakeSocket extends EventTarget {
  static CONNECTING = 0;
  static OPEN = 1;
  static CLOSING = 2;
  static CLOSED = 3;
  static all: FakeSocket[] = [];
  static get last(): FakeSocket {
    const last = FakeSocket.all.at(-1);
    if (!last) throw new Error("nobody connected");
    return last;
  }
  readyState = FakeSocket.CONNECTING;
  binaryType = "blob";
  answers = true;
  said: unknown[] = [];
  constructor(readonly url: string) {
    super();
    FakeSocket.all.push(this);
  }
  send(text: string) {
    this.said.push(JSON.parse(text));
    if (this.answers && text.includes('"ping"')) queueMicrotask(() => this.tell(PONG));
  }
  close() {
    this.cut();
  }
  open() {
    this.readyState = FakeSocket.OPEN;
    this.dispatchEvent(new Event("open"));
  }
  cut() {
    if (this.readyState === FakeSocket.CLOSED) return;
    this.readyState = FakeSocket.CLOSED;
    this.dispatchEvent(new CloseEvent("close", { code: 1006 }));
  }
  tell(told: Told) {
    this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(told) }));
  }
  heard(action: string): unknown[] {
    return this.said.filter((each) => JSON.stringify(each).includes(`"action":"${action}"`));
  }
}

const watch = (...topics: string[]) => ({ action: "watch", topics });
const unwatch = (...topics: string[]) => ({ action: "unwatch", topics });
let live: LiveConnection;

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.all = [];
  vi.stubGlobal("WebSocket", FakeSocket);
  live = new LiveConnection(() => "ws://gatecall.test/ws");
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function opened(): Promise<FakeSocket> {
  await vi.advanceTimersByTimeAsync(10);
  const socket = FakeSocket.last;
  socket.open();
  socket.tell(PONG);
  return socket;
}

describe("what is watched", () => {
  it("needs one connection, however much it is, and none while it is nothing", async () => {
    await vi.advanceTimersByTimeAsync(1_000);
    expect(FakeSocket.all).toHaveLength(0);
    live.watch("airport:EWR:departures");
    live.watch("flight:UA1-20261121-EWR");
    const socket = await opened();
    expect(FakeSocket.all).toHaveLength(1);
    expect(socket.heard("watch")).toEqual([watch("airport:EWR:departures", "flight:UA1-20261121-EWR")]);
  });

  it("is asked for once and given up when the last part of the page that shows it is gone", async () => {
    const first = live.watch("flight:A");
    live.watch("flight:B");
    const socket = await opened();
    const second = live.watch("flight:A");
    expect(socket.heard("watch")).toEqual([watch("flight:A", "flight:B")]);
    first();
    first();
    expect(socket.heard("unwatch")).toEqual([]);
    second();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(socket.heard("unwatch")).toEqual([unwatch("flight:A")]);
  });

  it("stays watched where it is left and wanted again at once: the server may do messages in any order", async () => {
    live.watch("flight:B");
    const leave = live.watch("flight:A");
    const socket = await opened();
    leave();
    live.watch("flight:A");
    await vi.advanceTimersByTimeAsync(5_000);
    expect([...socket.heard("unwatch"), ...socket.heard("watch")]).toEqual([watch("flight:B", "flight:A")]);
  });

  it("closes the connection when it is nothing any more for a while, but not from page to page", async () => {
    const leave = live.watch("flight:A");
    const socket = await opened();
    leave();
    const next = live.watch("flight:B");
    await vi.advanceTimersByTimeAsync(11_000);
    expect(live.connection.state).toBe("live");
    next();
    await vi.advanceTimersByTimeAsync(11_000);
    expect(socket.readyState).toBe(FakeSocket.CLOSED);
    expect(live.connection.state).toBe("idle");
  });

  it("is said in messages of no more than the server reads", async () => {
    for (let each = 0; each < 25; each += 1) live.watch(`flight:${each}`);
    const socket = await opened();
    expect(socket.heard("watch").map((each) => JSON.stringify(each).split("flight:").length - 1)).toEqual([
      10, 10, 5,
    ]);
  });
});

it("what the server could not watch is told it anew, each time after a longer while", async () => {
  live.watch("flight:A");
  const socket = await opened();
  const error: Told = { type: "error", detail: "an earlier message is still being answered; try again" };
  socket.tell(error);
  await vi.advanceTimersByTimeAsync(6_000);
  expect(socket.heard("watch")).toEqual([watch("flight:A"), watch("flight:A")]);
  socket.tell(error);
  await vi.advanceTimersByTimeAsync(6_000);
  expect(socket.heard("watch")).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(6_000);
  expect(socket.heard("watch")).toHaveLength(3);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(socket.heard("watch")).toHaveLength(3);
});

describe("a connection that is cut", () => {
  it("is said to be lost, comes back by itself, and watches all anew", async () => {
    live.watch("flight:A");
    live.watch("flight:B");
    const first = await opened();
    expect(live.connection.state).toBe("live");
    first.cut();
    expect(live.connection.state).toBe("lost");
    await vi.advanceTimersByTimeAsync(5_000);
    const second = FakeSocket.last;
    expect(second).not.toBe(first);
    second.open();
    second.tell(PONG);
    expect(second.heard("watch")).toEqual([watch("flight:A", "flight:B")]);
    expect(live.connection.state).toBe("live");
  });

  it("is lost where it never was there, so that what is shown from the device says how old it is", async () => {
    live.watch("flight:A");
    await vi.advanceTimersByTimeAsync(10);
    expect(live.connection.state).toBe("connecting");
    FakeSocket.last.cut();
    expect(live.connection.state).toBe("lost");
  });

  it("waits longer each time, and at most half a minute or so", async () => {
    live.watch("flight:A");
    await vi.advanceTimersByTimeAsync(10);
    const waits: number[] = [];
    for (let each = 0; each < 10; each += 1) {
      const before = FakeSocket.all.length;
      const at = Date.now();
      FakeSocket.last.cut();
      while (FakeSocket.all.length === before) await vi.advanceTimersByTimeAsync(100);
      waits.push(Date.now() - at);
    }
    expect(waits[0]).toBeLessThan(3_000);
    expect(waits.at(-1)).toBeGreaterThan(25_000);
    expect(Math.max(...waits)).toBeLessThan(31_000);
  });

  it("is found also where the network does not say so: no pong, another connection", async () => {
    live.watch("flight:A");
    const first = await opened();
    await vi.advanceTimersByTimeAsync(3_000);
    first.answers = false;
    await vi.advanceTimersByTimeAsync(59_000);
    expect(live.connection.state).not.toBe("live");
    await vi.advanceTimersByTimeAsync(5_000);
    expect(FakeSocket.all.length).toBeGreaterThan(1);
  });

  it("stays where pongs come", async () => {
    live.watch("flight:A");
    await opened();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(FakeSocket.all).toHaveLength(1);
    expect(live.connection.state).toBe("live");
  });

  it("is no network when the device says so, and tried again at once when it is back", async () => {
    live.watch("flight:A");
    const first = await opened();
    vi.spyOn(navigator, "onLine", "get").mockReturnValue(false);
    dispatchEvent(new Event("offline"));
    expect(live.connection.state).toBe("offline");
    first.cut();
    expect(live.connection.state).toBe("offline");
    for (let each = 0; each < 8; each += 1) {
      await vi.advanceTimersByTimeAsync(31_000);
      FakeSocket.last.cut(); // each time it waits longer
    }
    vi.spyOn(navigator, "onLine", "get").mockReturnValue(true);
    dispatchEvent(new Event("online"));
    await vi.advanceTimersByTimeAsync(10);
    FakeSocket.last.open();
    FakeSocket.last.tell(PONG);
    expect(live.connection.state).toBe("live");
  });
});

it("what the server says reaches all who listen, until they stop", async () => {
  live.watch("flight:A");
  const socket = await opened();
  const told: Told[] = [];
  const stop = live.onTold((each) => told.push(each));
  socket.tell({ type: "watching", topics: ["flight:A"] });
  stop();
  socket.tell({ type: "watching", topics: [] });
  expect(told).toEqual([{ type: "watching", topics: ["flight:A"] }]);
});
