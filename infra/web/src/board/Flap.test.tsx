import { act, render, screen } from "@testing-library/react";
import { StrictMode } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Flap } from "./Flap";

let calm = false;
beforeEach(() => {
  calm = false;
  vi.useFakeTimers();
  vi.stubGlobal("matchMedia", (query: string) => ({
    matches: calm && query === "(prefers-reduced-motion: reduce)",
  }));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const tiles = (container: HTMLElement) => [...container.querySelectorAll<HTMLElement>("[data-from]:not(i)")];

describe("a flap", () => {
  it("turns nothing at first sight", () => {
    const { container } = render(<Flap text="C71" />, { wrapper: StrictMode });
    expect(container.innerHTML).not.toContain("data-from");
    expect(container.textContent).toBe("C71");
  });

  it("turns the letters that are others, and only those, for about half a second", () => {
    const { container, rerender } = render(<Flap text="C71" />);
    rerender(<Flap text="C92" />);
    expect(tiles(container).map(({ dataset }) => `${dataset.from}${dataset.to}`)).toEqual(["79", "12"]);
    act(() => vi.advanceTimersByTime(599));
    expect(tiles(container)).toHaveLength(2);
    act(() => vi.advanceTimersByTime(2));
    expect(container.innerHTML).toBe(render(<Flap text="C92" />).container.innerHTML);
  });

  it("is plain text all the time, once, whatever its tiles show", () => {
    const { container, rerender } = render(<Flap text="On time" />);
    rerender(<Flap text="Delayed 15:40" />);
    expect(screen.getByText("Delayed 15:40")).toBeTruthy();
    for (const hidden of container.querySelectorAll("[aria-hidden]")) hidden.remove();
    expect(container.textContent).toBe("Delayed 15:40");
  });

  it("does not turn when it renders again as it was", () => {
    const { container, rerender } = render(<Flap text="C71" />);
    rerender(<Flap text="C71" />);
    expect(tiles(container)).toHaveLength(0);
  });

  it("turns on to what is newest when it changes while it turns", () => {
    const { container, rerender } = render(<Flap text="C1" />);
    rerender(<Flap text="C2" />);
    act(() => vi.advanceTimersByTime(300));
    rerender(<Flap text="C3" />);
    expect(tiles(container).map(({ dataset }) => `${dataset.from}${dataset.to}`)).toEqual(["23"]);
    act(() => vi.advanceTimersByTime(400));
    expect(tiles(container)).toHaveLength(1);
    act(() => vi.advanceTimersByTime(201));
    expect(container.textContent).toBe("C3");
    expect(tiles(container)).toHaveLength(0);
  });

  it("moves nothing for those who want no motion", () => {
    calm = true;
    const { container, rerender } = render(<Flap text="C71" />);
    rerender(<Flap text="C92" />);
    expect(tiles(container)).toHaveLength(0);
    expect(container.textContent).toBe("C92");
  });

  it("keeps words whole, so that a line breaks where it broke before", () => {
    const { container, rerender } = render(<Flap text="On time" />);
    rerender(<Flap text="Gate closed" />);
    const words = [...container.querySelectorAll("[aria-hidden] > span > span:last-child")];
    expect(words.map(({ children }) => children.length)).toEqual([4, 6]);
  });
});
