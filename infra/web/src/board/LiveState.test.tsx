import { i18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { act, render } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { FeedLine } from "../api/types";
import * as connection from "../live/connection";
import { LiveState } from "./LiveState";

const NOW = Date.parse("2026-11-21T19:44:00Z"); // 14:44 at EWR
const minutes = (count: number) => NOW - count * 60_000;

beforeEach(() => {
  vi.useFakeTimers();
  vi.setSystemTime(NOW);
});
afterEach(() => {
  vi.useRealTimers();
});

function said(
  state: connection.Connection["state"],
  told: { heard?: number; updated?: number; feeds?: FeedLine[]; shownFor?: number },
) {
  vi.spyOn(connection, "useConnection").mockReturnValue({ state, since: NOW, heard: told.heard });
  const shown = (
    <I18nProvider i18n={i18n}>
      <LiveState updatedAt={told.updated ?? 0} zone="America/New_York" feeds={told.feeds} />
    </I18nProvider>
  );
  vi.setSystemTime(minutes(told.shownFor ?? 0));
  const { container } = render(shown);
  act(() => void vi.advanceTimersByTime(NOW - Date.now()));
  return container.textContent;
}

const feed = (ago: number, silent = false): FeedLine => ({
  name: "aidx",
  heard_at: new Date(NOW - ago * 1000).toISOString(),
  silent,
});

describe("how the board is connected", () => {
  it("is live, with the age of the airport's data", () => {
    expect(said("live", { feeds: [feed(18)] })).toBe("LiveData from the airport 20 sec. ago");
    expect(said("live", { feeds: [feed(300), feed(130)] })).toBe("LiveData from the airport 2 min. ago");
  });

  it("says how old the board is while it reconnects, from what was heard last", () => {
    expect(said("lost", { heard: minutes(12), updated: minutes(30), shownFor: 40 })).toBe(
      "Reconnecting … shown as of 14:32",
    );
    expect(said("lost", { heard: minutes(12), updated: minutes(1), shownFor: 40 })).toBe(
      "Reconnecting … shown as of 14:43",
    );
  });

  it("does not take for this board's what was heard before it was shown", () => {
    expect(said("offline", { heard: minutes(2), updated: minutes(120), shownFor: 1 })).toBe(
      "No network: last seen 12:44, 2 hr. ago",
    );
  });

  it("says that there is no network, and since when", () => {
    expect(said("offline", { updated: minutes(12) })).toBe("No network: last seen 14:32, 12 min. ago");
    expect(said("offline", {})).toBe("No network");
  });

  it("does not claim an age while it connects, unless what is shown is from before", () => {
    expect(said("connecting", { updated: minutes(0) })).toBe("Connecting …");
    expect(said("connecting", { updated: minutes(12) })).toBe("Connecting … shown as of 14:32");
  });

  it("says when the airport's system is silent, though the connection is not", () => {
    expect(said("live", { feeds: [feed(840, true)] })).toContain(
      "The airport’s system has said nothing for 14 minutes: what is shown may be old",
    );
    expect(said("live", { feeds: [feed(840, true), feed(5)] })).toContain("One of the airport’s systems");
  });
});
