import { i18n } from "@lingui/core";
import { describe, expect, it } from "vitest";
import { DELAY_REASONS, reasonWords, sameReason } from "./delayReasons";

const said = (code: string, scheme = "AHM730") =>
  reasonWords({ code, scheme, reason: "as the API says it" }, i18n);

describe("the reason for a delay", () => {
  it("is the same by its digits, its letters and with an airline’s own sub-code", () => {
    for (const code of ["93", "RA", "93A", "ra2"]) {
      expect(said(code)).toEqual({
        words: "late arrival of the aircraft from its previous flight",
        english: false,
      });
    }
    expect(said("6").words).toBe("no free gate or stand, because of the airline's own flights");
    expect(
      sameReason({ code: "93", scheme: "AHM730", reason: "" }, { code: "RA", scheme: "", reason: "" }),
    ).toBe(true);
  });

  it("is in the API’s own words, in English, for a code or a scheme that the table does not have", () => {
    expect(said("01")).toEqual({ words: "as the API says it", english: true });
    expect(said("93", "AHM732")).toEqual({ words: "as the API says it", english: true });
  });

  it("has each code once", () => {
    expect(new Set(DELAY_REASONS.map(({ code }) => code)).size).toBe(DELAY_REASONS.length);
    expect(new Set(DELAY_REASONS.map(({ alpha }) => alpha)).size).toBe(DELAY_REASONS.length);
  });
});
