import { i18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { act, render } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { FlightRow } from "../api/types";
import type { Board } from "../live/merge";
import { Said } from "./Said";
import { sample } from "./sample.testing";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const board = (...flights: FlightRow[]): Board => ({
  airport: "EWR",
  direction: "departures",
  zone: "America/New_York",
  from: "2026-11-21T12:00:00Z",
  to: "2026-11-22T01:00:00Z",
  feeds: [],
  flights,
  changed: {},
});
const said = (shown: Board) => (
  <I18nProvider i18n={i18n}>
    <Said board={shown} />
  </I18nProvider>
);
const four = [1, 2, 3, 4].map((each) => sample({ number: `UA${each}` }));

describe("changes are said", () => {
  it("a while after they came, and nothing of what was there before", () => {
    const { container, rerender } = render(said(board(sample())));
    act(() => vi.advanceTimersByTime(20_000));
    expect(container.textContent).toBe("");
    rerender(said(board(sample({ version: 2, phase: "boarding", departure: { gate: "C9" } }))));
    expect(container.textContent).toBe("");
    act(() => vi.advanceTimersByTime(6_000));
    expect(container.textContent).toBe("UA 1545, Chicago: Boarding, gate C9.");
  });

  it("three at a time, and how many more there are", () => {
    const { container, rerender } = render(said(board(...four)));
    rerender(said(board(...four.map((row): FlightRow => ({ ...row, version: 2, phase: "cancelled" })))));
    act(() => vi.advanceTimersByTime(6_000));
    expect(container.textContent).toContain("UA 3, Chicago: Cancelled");
    expect(container.textContent).toMatch(/ And 1 more\.$/);
  });

  it("only where words of the board are others", () => {
    const { container, rerender } = render(said(board(sample())));
    rerender(said(board(sample({ version: 2, arrival: { gate: "B2" } }))));
    act(() => vi.advanceTimersByTime(6_000));
    expect(container.textContent).toBe("");
  });
});
