import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { startWorker } from "./worker";

/** A worker as the browser shows it to the page. */
class Worker extends EventTarget {
  state = "installing";
  postMessage = vi.fn();

  become(state: string) {
    this.state = state;
    this.dispatchEvent(new Event("statechange"));
  }
}

class Registration extends EventTarget {
  waiting: Worker | null = null;
  installing: Worker | null = null;
  active: Worker | null = null;
  update = vi.fn(async () => undefined);

  find(next: Worker) {
    this.installing = next;
    this.dispatchEvent(new Event("updatefound"));
    next.become("installed");
  }
}

let registration: Registration;

beforeEach(() => {
  vi.useFakeTimers();
  registration = new Registration();
  const workers = Object.assign(new EventTarget(), {
    register: async () => registration,
    get ready() {
      return Promise.resolve(registration);
    },
  });
  Object.defineProperty(navigator, "serviceWorker", { value: workers, configurable: true });
});

afterEach(() => {
  vi.useRealTimers();
  Reflect.deleteProperty(navigator, "serviceWorker");
});

it("offers no new version when the very first one is there", async () => {
  const waits = vi.fn();
  await startWorker(waits);
  registration.find(new Worker());
  expect(waits).not.toHaveBeenCalled();
});

it("offers a version that is found while the page is open, and has it take over only when told to", async () => {
  registration.active = new Worker();
  const waits = vi.fn<(takeOver: () => void) => void>();
  await startWorker(waits);
  const next = new Worker();
  registration.find(next);
  expect(waits).toHaveBeenCalledOnce();
  expect(next.postMessage).not.toHaveBeenCalled();
  waits.mock.lastCall?.[0]();
  expect(next.postMessage).toHaveBeenCalledWith({ type: "SKIP_WAITING" });
});

it("offers a version that has been waiting since an earlier visit", async () => {
  registration.active = new Worker();
  registration.waiting = new Worker();
  const waits = vi.fn();
  await startWorker(waits);
  expect(waits).toHaveBeenCalledOnce();
});

it("looks for new versions every hour, on a screen that is never closed", async () => {
  await startWorker(vi.fn());
  vi.advanceTimersByTime(3 * 3_600_000);
  expect(registration.update).toHaveBeenCalledTimes(3);
});

it("has the words of the language kept for when there is no network", async () => {
  registration.active = new Worker();
  await startWorker(vi.fn());
  expect(registration.active.postMessage).toHaveBeenCalledWith({ type: "SPEAK", language: "en" });
});
