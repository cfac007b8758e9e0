import { describe, expect, it } from "vitest";
import { datesAround, partsOf, partyTrouble, readSearch, withDate } from "./query";

describe("the address of a search", () => {
  it("is read as it was shared, whatever else it says", () => {
    const search = readSearch({
      from: "nyc", to: "LAX", date: "2026-12-01", return: "2026-12-08", passengers: "2", children: 1,
      cabin: "first", sort: "price", direct: true, other: "<script>",
    }); // biome-ignore format: as the address has it
    expect(search).toMatchObject({ from: "NYC", passengers: 2, children: 1, cabin: "first", sort: "price" });
    expect(partsOf(search)).toEqual([
      { from: "NYC", to: "LAX", date: "2026-12-01" },
      { from: "LAX", to: "NYC", date: "2026-12-08" },
    ]);
  });

  it.each([
    [{ from: "NYC", to: "LAX" }],
    [{ from: "NYC", to: "LAX", date: "soon" }],
    [{ from: "New York", to: "LAX", date: "2026-12-01" }],
    [{ trip: "NYC-LAX" }],
    [{}],
  ])("asks for nothing where it says too little: %j", (search) => {
    expect(partsOf(readSearch(search))).toEqual([]);
  });

  it("takes no party that can't be: nine seats, an infant for each adult", () => {
    expect(readSearch({ passengers: 5, children: 7, infants: 9 })).toMatchObject({
      passengers: 5,
      children: 4,
      infants: 5,
    });
    expect(readSearch({ passengers: "0", children: "-1", infants: "x" })).toMatchObject({
      passengers: undefined,
      children: undefined,
      infants: undefined,
    });
  });

  it("has several journeys", () => {
    expect(partsOf(readSearch({ trip: "NYC-LAX-2026-12-01, lax-SFO-2026-12-05" }))).toEqual([
      { from: "NYC", to: "LAX", date: "2026-12-01" },
      { from: "LAX", to: "SFO", date: "2026-12-05" },
    ]);
  });
});

it("says why a party can't be booked as one", () => {
  expect(partyTrouble({ adults: 2, children: 1, infants: 2 })).toBeUndefined();
  expect(partyTrouble({ adults: 6, children: 4, infants: 0 })).toBe("too many");
  expect(partyTrouble({ adults: 1, children: 0, infants: 2 })).toBe("too many infants");
});

describe("another date", () => {
  const search = { from: "NYC", to: "LAX", date: "2026-12-01", return: "2026-12-03" };

  it("moves the way back along where it would be before the way there", () => {
    expect(withDate(search, 0, "2026-12-02")).toMatchObject({ date: "2026-12-02", return: "2026-12-03" });
    expect(withDate(search, 0, "2026-12-09")).toMatchObject({ date: "2026-12-09", return: "2026-12-09" });
    expect(withDate(search, 1, "2026-12-09")).toMatchObject({ date: "2026-12-01", return: "2026-12-09" });
    expect(withDate({ trip: "NYC-LAX-2026-12-01,LAX-SFO-2026-12-05" }, 1, "2026-12-07").trip).toBe(
      "NYC-LAX-2026-12-01,LAX-SFO-2026-12-07",
    );
  });

  it("is one of those on sale, over the end of a month too", () => {
    expect(datesAround("2026-11-30", "2026-11-29", "2026-12-31")).toEqual([
      "2026-11-29",
      "2026-11-30",
      "2026-12-01",
      "2026-12-02",
      "2026-12-03",
    ]);
  });
});
