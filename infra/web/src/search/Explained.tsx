import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import type { FareAnswer, SegmentLine } from "../api/types";
import { money } from "../book/money";
import { Failed, Loading } from "../ui/states";
import ui from "../ui/ui.module.css";
import { explained } from "./find";
import type { SearchParams } from "./query";
import { byDistance, reckoned, summed } from "./reckoning";
import styles from "./search.module.css";
import { CABIN_WORDS } from "./words";

type Steps = Pick<FareAnswer, "inputs" | "classes" | "steps" | "booking_class" | "fare"> &
  Partial<Pick<FareAnswer, "total" | "lines">>;

/** How the price of one flight came about, step by step, with every number that went in. */
export function Explained({ segment, search }: { segment: SegmentLine; search: SearchParams }) {
  const { t } = useLingui();
  const fare = useQuery(explained(segment.flight, search));
  const { number } = segment;
  const from = segment.departure.airport;
  const to = segment.arrival.airport;
  return (
    <section className={styles.explained}>
      <h3>
        {number}, {from}–{to}
      </h3>
      {fare.isPending && <Loading lines={6} label={t`Loading how the price came about`} />}
      {fare.error && !fare.data && <Failed error={fare.error} again={() => void fare.refetch()} />}
      {fare.data && <FareSteps fare={fare.data} />}
    </section>
  );
}

/** The steps of a fare; its total and lines where they are of this flight alone. */
export function FareSteps({ fare }: { fare: Steps }) {
  const { t, i18n } = useLingui();
  const numbers = reckoned(fare);
  const { inputs, classes } = fare;
  const currency = fare.fare?.currency ?? "USD";
  const cost = (amount: number) => money({ amount, currency }, i18n.locale);
  const count = (value: number) => new Intl.NumberFormat(i18n.locale).format(value);
  const share = (permille: number) =>
    new Intl.NumberFormat(i18n.locale, { style: "percent", maximumFractionDigits: 1 }).format(
      permille / 1000,
    );
  const km = count(numbers.km);
  const fixed = cost(numbers.fixed);
  const full = cost(numbers.fullFare);
  const cabin = i18n._(
    CABIN_WORDS[inputs.cabin === "first" || inputs.cabin === "business" ? inputs.cabin : "economy"],
  );
  const percent = share(numbers.percent * 10);
  const { days, capacity, free } = inputs;
  const taken = capacity - free;
  const busy = share(numbers.busy);
  const weekday = share(numbers.weekday);
  const hour = share(numbers.hour);
  const carrier = share(numbers.carrier);
  const least = cost(numbers.bidPrice);
  const code = fare.booking_class ?? "";
  return (
    <ol className={styles.steps}>
      <li>
        <h4>
          <Trans>Distance</Trans>
        </h4>
        <p>
          <Trans>
            The flight is {km} km long. The full fare is {fixed}, and for each kilometre:
          </Trans>
        </p>
        <ul>
          {byDistance(numbers.km, numbers.bands).map((part) => {
            const [begin, end, each, sum] = [
              count(part.from),
              count(part.to),
              cost(part.each),
              cost(part.amount),
            ];
            return (
              <li key={part.from}>
                <Trans>
                  from {begin} to {end} km, {each}: {sum}
                </Trans>
              </li>
            );
          })}
        </ul>
        <p>
          <Trans>
            Times {percent} for {cabin}: a full fare of <strong>{full}</strong>.
          </Trans>
        </p>
      </li>
      <li>
        <h4>
          <Trans>Days until departure</Trans>
        </h4>
        <p>
          <Trans>
            It leaves in {days} days. This departure is expected to be {busy} as busy as an average one: its
            weekday counts {weekday}, its hour {hour}, its airline {carrier}. From that comes how many seats
            each booking class will still sell, and how many are kept from a cheaper class for those above it.
          </Trans>
        </p>
      </li>
      <li>
        <h4>
          <Trans>Seats taken</Trans>
        </h4>
        <p>
          <Trans>
            {taken} of {capacity} seats of the cabin are taken. As they fill, so rises the least that a seat
            is sold for: {least} at present.
          </Trans>
        </p>
      </li>
      <li>
        <h4>
          <Trans>Booking class</Trans>
        </h4>
        <p>
          {code ? (
            <Trans>The cheapest class that is open to your party is {code}.</Trans>
          ) : (
            <Trans>No class is open to your party.</Trans>
          )}
        </p>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls on a phone, by keys too */}
        <section className={styles.scroll} tabIndex={0} aria-label={t`Booking classes`}>
          <table className={ui.table}>
            <thead>
              <tr>
                <th scope="col">{t`Class`}</th>
                <th scope="col">{t`Fare`}</th>
                <th scope="col">{t`Still expected to sell`}</th>
                <th scope="col">{t`Give or take`}</th>
                <th scope="col">{t`Kept for classes above`}</th>
                <th scope="col">{t`May still sell`}</th>
                <th scope="col">{t`Open`}</th>
              </tr>
            </thead>
            <tbody>
              {classes.map((each) => (
                <tr key={each.code} aria-current={each.code === code ? "true" : undefined}>
                  <th scope="row">
                    {each.code} <span lang="en">{each.rules.brand}</span>
                  </th>
                  <td>{cost(each.fare)}</td>
                  <td>{count(each.demand)}</td>
                  <td>{count(each.deviation)}</td>
                  <td>{count(each.protected)}</td>
                  <td>{count(each.limit)}</td>
                  <td>{each.open ? t`yes` : <span lang="en">{each.closed}</span>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      </li>
      {fare.total && (
        <li>
          <h4>
            <Trans>Fare, taxes and fees</Trans>
          </h4>
          <table className={ui.table}>
            <tbody>
              {summed(fare.lines ?? []).map((line) => (
                <tr key={`${line.code}${line.label}`}>
                  <th scope="row">
                    <span lang="en">{line.label}</span>
                    {line.times > 1 && ` × ${line.times}`}
                  </th>
                  <td>{cost(line.amount)}</td>
                </tr>
              ))}
              <tr>
                <th scope="row">
                  <Trans>Together, for this flight alone</Trans>
                </th>
                <td>
                  <strong>{cost(fare.total.amount)}</strong>
                </td>
              </tr>
            </tbody>
          </table>
        </li>
      )}
    </ol>
  );
}
