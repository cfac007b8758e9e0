import { expect, it } from "vitest";
import { linesOf } from "./PassportForm";

// Doc 9303-4, appendix A: the specimen's.
const UPPER = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<";
const LOWER = "L898902C36UTO7408122F1204159ZE184226B<<<<<10";

it("takes a passport's two lines however they are broken, and nothing else", () => {
  expect(linesOf(`${UPPER}\n${LOWER}\n`)).toEqual([UPPER, LOWER]);
  expect(linesOf(`${UPPER} ${LOWER.toLowerCase()}`)).toEqual([UPPER, LOWER]);
  expect(linesOf(UPPER)).toBeUndefined();
  expect(linesOf("")).toBeUndefined();
});
