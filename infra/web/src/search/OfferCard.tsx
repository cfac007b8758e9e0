import { Trans, useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { useId, useState } from "react";
import type { JourneyLine, OfferLine, SegmentLine } from "../api/types";
import { choose } from "../book/hold";
import { money } from "../book/money";
import { clockTime, day } from "../ui/times";
import ui from "../ui/ui.module.css";
import { Explained } from "./Explained";
import type { SearchParams } from "./query";
import styles from "./search.module.css";
import { duration, useReason } from "./words";

const FEW = 9; // seats left: more than that is no news

/** One offer: its journeys by the airports' clocks, what it costs the party, and why it is recommended. */
export function OfferCard({ offer, search }: { offer: OfferLine; search: SearchParams }) {
  const { t, i18n } = useLingui();
  const reason = useReason();
  const price = useId();
  const segments = offer.journeys.flatMap((journey) => journey.segments);
  const brands = [...new Set(segments.map(({ rules }) => rules.brand))].join(", ");
  const left = offer.seats_left;
  const { passengers, children, infants, cabin } = search;
  const people = offer.travellers.reduce((all, { count }) => all + count, 0);
  return (
    <article className={styles.offer} aria-describedby={price}>
      <div className={styles.journeys}>
        {offer.reasons.length > 0 && (
          <ul className={styles.reasons} aria-label={t`Why it is recommended`}>
            {offer.reasons.map((each) => {
              const { says, lang } = reason(each);
              return (
                <li
                  key={each.code}
                  className={ui.badge}
                  data-tone={each.code === "ranked" ? undefined : "good"}
                  lang={lang}
                >
                  {says}
                </li>
              );
            })}
          </ul>
        )}
        {offer.journeys.map((journey) => (
          <Journey key={journey.segments[0]?.flight} journey={journey} />
        ))}
      </div>
      <div className={styles.price} id={price}>
        <strong>{money(offer.price, i18n.locale)}</strong>
        {people > 1 && (
          <span className={ui.hint}>
            <Trans>for {people} people</Trans>
          </span>
        )}
        <span className={ui.hint} lang="en">
          {brands}
        </span>
        {left <= FEW && (
          <span className={ui.badge} data-tone="late">
            {left === 1 ? t`1 seat left at this price` : t`${left} seats left at this price`}
          </span>
        )}
        <Link
          to="/book"
          onClick={() => choose(offer)}
          search={{
            flights: segments.map(({ flight }) => flight).join(","),
            total: offer.price.amount,
            currency: offer.price.currency,
            passengers,
            children,
            infants,
            cabin,
          }}
          className={`${ui.button} ${ui.main}`}
          aria-label={t`Choose the flight at ${times(offer, i18n.locale)} for ${money(offer.price, i18n.locale)}`}
        >
          <Trans>Choose</Trans>
        </Link>
      </div>
      <div className={styles.folds}>
        <Fold title={t`Flights and fare rules`}>
          {() => (
            <ul className={styles.segments}>
              {segments.map((segment) => (
                <Segment key={segment.flight} segment={segment} />
              ))}
            </ul>
          )}
        </Fold>
        <Fold title={t`How this price came about`}>
          {() =>
            segments.map((segment) => <Explained key={segment.flight} segment={segment} search={search} />)
          }
        </Fold>
      </div>
    </article>
  );
}

/** The times of departure, by which offers are told apart. */
function times(offer: OfferLine, language: string): string {
  return offer.journeys
    .flatMap(({ segments: [first] }) =>
      first ? [clockTime(first.departure.scheduled_out, first.departure.zone, language)] : [],
    )
    .join(", ");
}

/** What is folded away, and made only once it is opened. */
function Fold({ title, children }: { title: string; children: () => React.ReactNode }) {
  const [opened, setOpened] = useState(false);
  return (
    <details onToggle={({ currentTarget }) => currentTarget.open && setOpened(true)}>
      <summary>{title}</summary>
      {opened && <div className={styles.fold}>{children()}</div>}
    </details>
  );
}

function Journey({ journey }: { journey: JourneyLine }) {
  const { t, i18n } = useLingui();
  const first = journey.segments[0];
  const last = journey.segments.at(-1);
  if (!first || !last) return null;
  const { departure } = first;
  const { arrival } = last;
  const airlines = [...new Set(journey.segments.map(({ airline, carrier }) => airline ?? carrier))].join(
    ", ",
  );
  const later = journey.days_later;
  return (
    <div className={styles.line}>
      <p className={styles.times}>
        <time dateTime={departure.scheduled_out}>
          {clockTime(departure.scheduled_out, departure.zone, i18n.locale)}
        </time>
        <span aria-hidden="true"> – </span>
        <span className="hidden-but-read">{t`to`}</span>
        <time dateTime={arrival.scheduled_in}>
          {clockTime(arrival.scheduled_in, arrival.zone, i18n.locale)}
        </time>
        {later !== 0 && (
          <sup>
            <span aria-hidden="true">{later > 0 ? `+${later}` : later}</span>
            <span className="hidden-but-read">
              {later === 1 ? t`the next day` : later > 1 ? t`${later} days later` : t`the day before`}
            </span>
          </sup>
        )}
      </p>
      <p className={styles.way}>
        <strong>
          {departure.airport} <span aria-hidden="true">→</span>
          <span className="hidden-but-read">{t`to`}</span> {arrival.airport}
        </strong>{" "}
        {day(departure.scheduled_out, departure.zone, i18n.locale)}
      </p>
      <p className={ui.hint}>
        {duration(journey.minutes, i18n.locale)} · <Stops journey={journey} /> · {airlines}
      </p>
    </div>
  );
}

function Stops({ journey }: { journey: JourneyLine }) {
  const { t, i18n } = useLingui();
  if (!journey.stops) return t`direct`;
  return journey.connections
    .map(({ airport, minutes }) => t`change in ${airport} (${duration(minutes, i18n.locale)})`)
    .join(", ");
}

/** One flight, and what may be done with its fare. */
function Segment({ segment }: { segment: SegmentLine }) {
  const { t, i18n } = useLingui();
  const { departure, arrival, rules, record, number } = segment;
  const fee = (amount: number) => money({ amount, currency: "USD" }, i18n.locale);
  const flown = record ? record.on_time + record.late : 0;
  const facts = [
    rules.bags === 0
      ? t`no checked bag`
      : rules.bags === 1
        ? t`1 checked bag`
        : t`${rules.bags} checked bags`,
    rules.seat_choice ? t`standard seats free to choose` : t`a seat is given, or chosen at a price`,
    !rules.changeable
      ? t`no changes`
      : rules.change_fee
        ? t`changes for ${fee(rules.change_fee)} each person`
        : t`free changes`,
    !rules.refundable
      ? t`no refund after 24 hours`
      : rules.cancel_fee
        ? t`refund less ${fee(rules.cancel_fee)} each person`
        : t`full refund`,
  ];
  return (
    <li>
      <p>
        <strong>{number}</strong> <span lang="en">{segment.airline}</span>
        {segment.aircraft_type && <span className={ui.hint}> · {segment.aircraft_type}</span>}
      </p>
      <p>
        {clockTime(departure.scheduled_out, departure.zone, i18n.locale)} {departure.city} (
        {departure.airport}
        {departure.terminal && ` T${departure.terminal}`}) <span aria-hidden="true">→</span>
        <span className="hidden-but-read">{t`to`}</span>{" "}
        {clockTime(arrival.scheduled_in, arrival.zone, i18n.locale)} {arrival.city} ({arrival.airport}
        {arrival.terminal && ` T${arrival.terminal}`}) · {duration(segment.minutes, i18n.locale)}
      </p>
      <p className={ui.hint}>
        <span lang="en">{rules.brand}</span>: {facts.join(", ")}
      </p>
      {record && flown > 0 && (
        <p className={ui.hint}>
          <Trans>
            On time {record.on_time} of {flown} times in the last 14 days
          </Trans>
        </p>
      )}
    </li>
  );
}
