import { i18n } from "@lingui/core";
import { describe, expect, it } from "vitest";
import { rightsText, sum, TEXTS } from "./rightsWords";

describe("what the API says of rights", () => {
  it("is known in the words of the page, with what is filled in", () => {
    expect(rightsText("If the flight arrives as now expected, 3 h 05 min late.", i18n)).toEqual({
      words: "If the flight arrives as now expected, 3 h 5 min late.",
      english: false,
    });
    expect(rightsText("Compensation of EUR 250 for each passenger may be due.", i18n).words).toBe(
      "Compensation of €250 for each passenger may be due.",
    );
    expect(
      rightsText(
        "Only if the airline operating the flight is licensed in the UK; where it is licensed is not known here.",
        i18n,
      ).english,
    ).toBe(false);
  });

  it("is shown in English, as it came, where it is not known", () => {
    expect(rightsText("A new law says otherwise.", i18n)).toEqual({
      words: "A new law says otherwise.",
      english: true,
    });
  });

  it("has words for each text it can say", () => {
    const filled = TEXTS.map(([api]) => api.replace(/\{\w+\}/g, "3 h"));
    expect(filled.filter((text) => rightsText(text, i18n).english)).toEqual([]);
  });

  it("counts money in its currency", () => {
    expect(sum({ amount: 520, currency: "GBP" }, i18n)).toBe("£520");
    expect(sum({ amount: null, currency: null }, i18n)).toBeUndefined();
  });
});
