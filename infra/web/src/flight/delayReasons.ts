import type { I18n, MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import type { FlightDetail } from "../api/types";

type Reported = Pick<FlightDetail["delays"][number], "code" | "scheme" | "reason">;

/**
 * Why a flight is late, by the codes of AHM 730: the words of the API (chalicelib/flights/delay_codes.py), which has them
 * in English alone. They follow "delayed by". tests/fences/test_web_words.py holds both tables together.
 */
export const DELAY_REASONS: readonly { code: string; alpha: string; words: MessageDescriptor }[] = [
  { code: "06", alpha: "OA", words: msg`no free gate or stand, because of the airline's own flights` },
  { code: "09", alpha: "SG", words: msg`too little time planned on the ground between two flights` },
  { code: "11", alpha: "PD", words: msg`passengers accepted after check-in had closed` },
  { code: "12", alpha: "PL", words: msg`queues at check-in` },
  { code: "13", alpha: "PE", words: msg`an error at check-in` },
  { code: "14", alpha: "PO", words: msg`overbooking or a booking error` },
  { code: "15", alpha: "PH", words: msg`a missing passenger or a mix-up at boarding` },
  { code: "16", alpha: "PS", words: msg`a special arrangement for passengers, VIPs or the press` },
  { code: "17", alpha: "PC", words: msg`a late or wrong catering order` },
  { code: "18", alpha: "PB", words: msg`baggage handling` },
  { code: "19", alpha: "PW", words: msg`boarding of passengers who need assistance` },
  { code: "21", alpha: "CD", words: msg`an error in the cargo documents` },
  { code: "22", alpha: "CP", words: msg`cargo brought late to the aircraft` },
  { code: "23", alpha: "CC", words: msg`cargo accepted late` },
  { code: "24", alpha: "CI", words: msg`inadequately packed cargo` },
  { code: "25", alpha: "CO", words: msg`too much cargo booked` },
  { code: "26", alpha: "CU", words: msg`cargo prepared late in the warehouse` },
  { code: "27", alpha: "CE", words: msg`an error in the documents or packing of mail` },
  { code: "28", alpha: "CL", words: msg`mail brought late to the aircraft` },
  { code: "29", alpha: "CA", words: msg`mail accepted late` },
  { code: "31", alpha: "GD", words: msg`late or wrong aircraft documents` },
  { code: "32", alpha: "GL", words: msg`loading or unloading of the aircraft` },
  { code: "33", alpha: "GE", words: msg`missing or broken loading equipment` },
  { code: "34", alpha: "GS", words: msg`missing or broken servicing equipment, such as steps` },
  { code: "35", alpha: "GC", words: msg`cleaning of the aircraft` },
  { code: "36", alpha: "GF", words: msg`fuelling of the aircraft` },
  { code: "37", alpha: "GB", words: msg`late delivery or loading of catering` },
  { code: "38", alpha: "GU", words: msg`missing or defective load containers` },
  { code: "39", alpha: "GT", words: msg`missing or broken technical equipment on the ground, such as a tug` },
  { code: "41", alpha: "TD", words: msg`a technical defect of the aircraft` },
  { code: "42", alpha: "TM", words: msg`scheduled maintenance that finished late` },
  { code: "43", alpha: "TN", words: msg`unscheduled maintenance or special checks` },
  { code: "44", alpha: "TS", words: msg`missing spare parts or maintenance equipment` },
  { code: "45", alpha: "TA", words: msg`waiting for a spare part to be carried to another airport` },
  { code: "46", alpha: "TC", words: msg`a change of aircraft for technical reasons` },
  { code: "47", alpha: "TL", words: msg`no standby aircraft, for technical reasons` },
  { code: "48", alpha: "TV", words: msg`a change of the cabin layout` },
  {
    code: "51",
    alpha: "DF",
    words: msg`damage in flight, such as a bird strike, lightning or a heavy landing`,
  },
  { code: "52", alpha: "DG", words: msg`damage to the aircraft on the ground` },
  { code: "55", alpha: "ED", words: msg`failure of the check-in or departure computer system` },
  { code: "56", alpha: "EC", words: msg`failure of the cargo computer system` },
  { code: "57", alpha: "EF", words: msg`failure of the flight-planning computer system` },
  { code: "58", alpha: "EO", words: msg`failure of another computer system` },
  { code: "61", alpha: "FP", words: msg`a late or changed flight plan` },
  { code: "62", alpha: "FF", words: msg`operational needs, such as a change of fuel or load` },
  { code: "63", alpha: "FT", words: msg`late boarding of the crew` },
  { code: "64", alpha: "FS", words: msg`a shortage of pilots` },
  { code: "65", alpha: "FR", words: msg`a special request of the pilots` },
  { code: "66", alpha: "FL", words: msg`late boarding of the cabin crew` },
  { code: "67", alpha: "FC", words: msg`a shortage of cabin crew` },
  { code: "68", alpha: "FA", words: msg`an error or special request of the cabin crew` },
  { code: "69", alpha: "FB", words: msg`an extra security check asked for by the captain` },
  { code: "71", alpha: "WO", words: msg`weather at the departure airport` },
  { code: "72", alpha: "WT", words: msg`weather at the destination` },
  { code: "73", alpha: "WR", words: msg`weather on the way or at an alternate airport` },
  { code: "75", alpha: "WI", words: msg`de-icing of the aircraft` },
  { code: "76", alpha: "WS", words: msg`clearing snow, ice, water or sand from the airport` },
  { code: "77", alpha: "WG", words: msg`weather that hampered work on the aircraft on the ground` },
  { code: "81", alpha: "AT", words: msg`air-traffic control: not enough capacity on the route` },
  {
    code: "82",
    alpha: "AX",
    words: msg`air-traffic control: staff shortage or equipment failure on the route`,
  },
  { code: "83", alpha: "AE", words: msg`air-traffic control: restrictions at the destination` },
  { code: "84", alpha: "AW", words: msg`air-traffic control: weather at the destination` },
  { code: "85", alpha: "AS", words: msg`mandatory security checks` },
  { code: "86", alpha: "AG", words: msg`immigration, customs or health checks` },
  { code: "87", alpha: "AF", words: msg`airport facilities, such as stands, gates, lighting or buildings` },
  { code: "88", alpha: "AD", words: msg`restrictions at the destination airport` },
  { code: "89", alpha: "AM", words: msg`restrictions at the departure airport` },
  { code: "91", alpha: "RL", words: msg`waiting for passengers, baggage or cargo from another flight` },
  { code: "92", alpha: "RT", words: msg`an error in through check-in on an earlier flight` },
  { code: "93", alpha: "RA", words: msg`late arrival of the aircraft from its previous flight` },
  { code: "94", alpha: "RS", words: msg`waiting for cabin crew from another flight` },
  { code: "95", alpha: "RC", words: msg`waiting for crew from another flight` },
  { code: "96", alpha: "RO", words: msg`re-planning of flights by the airline's operations centre` },
  { code: "97", alpha: "MI", words: msg`industrial action at the airline` },
  { code: "98", alpha: "MO", words: msg`industrial action outside the airline` },
  { code: "99", alpha: "MX", words: msg`a reason that has no code of its own` },
];

/** Why, in the language of the page; in English, as the API says it, where there are no words for the code. */
export function reasonWords(delay: Reported, i18n: I18n): { words: string; english: boolean } {
  const known = reasonOf(delay);
  return known ? { words: i18n._(known.words), english: false } : { words: delay.reason, english: true };
}

/** Whether two codes say the same: one in digits, the other in letters, perhaps. */
export function sameReason(one: Reported, other: Reported): boolean {
  return one.code === other.code || (reasonOf(one) !== undefined && reasonOf(one) === reasonOf(other));
}

/** As the API reads a code: `93`, `RA`, with an airline’s own sub-code `93A`; none of another scheme. */
export function reasonOf({ code, scheme }: Pick<Reported, "code" | "scheme">) {
  if (!["AHM730", "AHM731", ""].includes(plain(scheme))) return undefined;
  const text = plain(code);
  const numbers = /^(?:(\d\d)[A-Z]?|(\d))$/.exec(text);
  const digits = (numbers?.[1] ?? numbers?.[2])?.padStart(2, "0");
  const letters = /^([A-Z]{2})\d?$/.exec(text)?.[1];
  return DELAY_REASONS.find((each) => each.code === digits || each.alpha === letters);
}

function plain(text: string): string {
  return text.replace(/[\s._/-]/g, "").toUpperCase();
}
