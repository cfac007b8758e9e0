import { Trans, useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { flightNow } from "../live/clock";
import type { Flight } from "../live/merge";
import { Failed } from "../ui/states";
import ui from "../ui/ui.module.css";
import { AskedCard } from "./AskedCard";
import { ConfirmFromLink } from "./ConfirmFromLink";
import { FollowedCard } from "./FollowedCard";
import { FollowForm } from "./FollowForm";
import styles from "./follow.module.css";
import { covers, useFollowing } from "./following";

const LONGEST_AGO = 24 * 3_600_000; // since it left: the API takes no wish after that

/** Follow this flight, on its page: three clicks; what follows it already is shown, to change and stop. */
export function FollowPanel({ flight }: { flight: Flight }) {
  const { t } = useLingui();
  const { holders, asked, error, again } = useFollowing();
  const { id, number, codeshares, departure, arrival } = flight;
  const which = { id, number, codeshares, origin: departure.airport, destination: arrival.airport };
  const followed = holders.flatMap((holder) =>
    holder.subscriptions
      .filter((each) => each.status !== "stopped" && covers(each, which))
      .map((subscription) => ({ holder, subscription })),
  );
  const here = new Set(followed.map(({ subscription }) => subscription.id));
  const waiting = asked.filter((each) => covers(each, which) && !here.has(each.id));
  const active = followed.some(({ subscription }) => subscription.status === "active");
  const over = whyOver(flight);
  return (
    <section className={ui.card} aria-labelledby="follow-title">
      <h2 id="follow-title" tabIndex={-1}>
        {active ? <Trans>You follow this flight</Trans> : <Trans>Follow this flight</Trans>}
      </h2>
      <ConfirmFromLink />
      {error !== undefined && error !== null && !holders.length && <Failed error={error} again={again} />}
      {followed.map(({ holder, subscription }) => (
        <FollowedCard key={subscription.id} subscription={subscription} holder={holder} on="flight" />
      ))}
      {waiting.map((each) => (
        <AskedCard key={each.id} asked={each} />
      ))}
      {over ? (
        <p className={ui.hint}>
          {over === "arrived" ? (
            <Trans>This flight has arrived: nothing more changes that you could be told of.</Trans>
          ) : (
            <Trans>This flight left more than a day ago: nothing more is told of it.</Trans>
          )}
        </p>
      ) : followed.length || waiting.length ? (
        <details className={styles.fold}>
          <summary>{t`Follow in another way, too`}</summary>
          <FollowForm subject={() => ({ flight: id })} />
        </details>
      ) : (
        <FollowForm subject={() => ({ flight: id })} />
      )}
      {(followed.length > 0 || waiting.length > 0) && (
        <Link to="/following">
          <Trans>All that you follow</Trans>
        </Link>
      )}
    </section>
  );
}

/** Why a flight can't be followed any more, as the API has it. */
export function whyOver({
  phase,
  departure,
}: Pick<Flight, "phase" | "departure">): "arrived" | "long-gone" | undefined {
  if (phase === "landed" || phase === "arrived") return "arrived";
  const left = departure.expected_out;
  return left && flightNow() - Date.parse(left) > LONGEST_AGO ? "long-gone" : undefined;
}
