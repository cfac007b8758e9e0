import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, unwrap } from "../api/client";
import type { SubscriptionLine } from "../api/types";
import { Asking } from "../ui/dialog";
import { AskForm } from "../ui/forms";
import { Failed, Loading } from "../ui/states";
import { dayAndTime } from "../ui/times";
import ui from "../ui/ui.module.css";
import { AskedCard } from "./AskedCard";
import { FlightNow } from "./FlightNow";
import styles from "./follow.module.css";
import { type Holder, shown, useRefresh } from "./following";
import { readWishes, told, WishesFields } from "./wishes";
import { AskedWhat, isOne, MATTERS, OUTCOMES, Where } from "./words";

/** One subscription: what is told of what, to change, to stop, and what was sent. `on`: the flight's own page says which. */
export function FollowedCard(props: {
  subscription: SubscriptionLine;
  holder: Holder;
  on: "flight" | "list";
}) {
  const { t, i18n } = useLingui();
  const { subscription, holder } = props;
  const [changing, setChanging] = useState(false);
  const [stopping, setStopping] = useState(false);
  const stopped = subscription.status === "stopped";
  const heading =
    props.on === "flight" ? (
      <Where channel={holder.channel} address={holder.address} known={holder.endpoint !== undefined} />
    ) : (
      <AskedWhat subject={subscription} />
    );
  return (
    <article className={styles.followed} data-status={subscription.status}>
      <div className={styles.head}>
        <h3>
          {props.on === "list" && subscription.flight ? (
            <Link to="/flights/$id" params={{ id: subscription.flight }}>
              {heading}
            </Link>
          ) : (
            heading
          )}
        </h3>
        {stopped && (
          <span className={ui.badge}>
            <Trans>Stopped</Trans>
          </span>
        )}
      </div>
      {props.on === "list" && <FlightNow subject={subscription} />}
      {stopped ? (
        <p className={ui.hint}>
          <Trans>
            No more messages come about this. To follow it again, the address is asked to confirm anew.
          </Trans>
        </p>
      ) : (
        <p>{told(subscription, i18n)}</p>
      )}
      {subscription.status === "pending" && <Pending subscription={subscription} holder={holder} />}
      {!stopped && (
        <div className={ui.actions}>
          <button
            type="button"
            className={ui.button}
            aria-expanded={changing}
            onClick={() => setChanging(!changing)}
          >
            {t`Change`}
          </button>
          <button type="button" className={`${ui.button} ${ui.danger}`} onClick={() => setStopping(true)}>
            {t`Stop`}
          </button>
        </div>
      )}
      {changing && <Change {...props} done={() => setChanging(false)} />}
      {subscription.status !== "pending" && <Sent subscription={subscription} holder={holder} />}
      <Asking title={t`Stop these messages?`} open={stopping} alert onClose={() => setStopping(false)}>
        <Stop {...props} done={() => setStopping(false)} />
      </Asking>
    </article>
  );
}

function Change(props: { subscription: SubscriptionLine; holder: Holder; done: () => void }) {
  const { t } = useLingui();
  const refresh = useRefresh();
  const { subscription, holder } = props;
  return (
    <AskForm
      submit={t`Save`}
      ask={async (fields) => {
        await unwrap(
          api.PATCH("/v1/subscriptions/{id}", {
            params: { path: { id: subscription.id } },
            body: readWishes(fields, subscription),
            ...shown(holder.token),
          }),
        );
        await refresh();
        props.done();
      }}
      beside={
        <button type="button" className={`${ui.button} ${ui.plain}`} onClick={props.done}>
          {t`Don’t change`}
        </button>
      }
    >
      <WishesFields rule={subscription} />
    </AskForm>
  );
}

function Stop(props: { subscription: SubscriptionLine; holder: Holder; done: () => void }) {
  const { t } = useLingui();
  const refresh = useRefresh();
  const { subscription, holder } = props;
  return (
    <AskForm
      submit={t`Stop`}
      tone="danger"
      ask={async () => {
        await unwrap(
          api.DELETE("/v1/subscriptions/{id}", {
            params: { path: { id: subscription.id } },
            ...shown(holder.token),
          }),
        );
        await refresh();
        props.done();
      }}
      beside={
        <button type="button" className={ui.button} onClick={props.done}>
          {t`Keep them`}
        </button>
      }
    >
      <p>
        <AskedWhat subject={subscription} />
      </p>
      <p>
        <Trans>
          You are told nothing more about it. To follow it again, you would have to confirm again.
        </Trans>
      </p>
    </AskForm>
  );
}

/** Asked for elsewhere, or before this page was loaded: it waits for the same confirmation. */
function Pending({ subscription, holder }: { subscription: SubscriptionLine; holder: Holder }) {
  const [at] = useState(() => Date.now() - 60_000);
  const confirm = holder.channel === "email" ? "link" : "code";
  const { channel, address } = holder;
  return <AskedCard asked={{ ...subscription, channel, address, confirm, bound: true, at }} held />;
}

/** What was sent, when, and what came of it. */
function Sent({ subscription, holder }: { subscription: SubscriptionLine; holder: Holder }) {
  const { t, i18n } = useLingui();
  const [open, setOpen] = useState(false);
  const query = useQuery({
    queryKey: ["mine", "deliveries", subscription.id],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/v1/subscriptions/{id}/deliveries", {
          params: { path: { id: subscription.id } },
          signal,
          ...shown(holder.token),
        }),
      ),
    enabled: open,
    staleTime: 0,
  });
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <details className={styles.fold} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>{t`What was sent`}</summary>
      {query.isPending && open && <Loading lines={2} label={t`Loading what was sent`} />}
      {query.error && !query.data && <Failed error={query.error} again={() => void query.refetch()} />}
      {query.data?.deliveries.length === 0 && (
        <p className={ui.hint}>
          <Trans>Nothing yet. You are told when something changes.</Trans>
        </p>
      )}
      {query.data && query.data.deliveries.length > 0 && (
        <ul className={styles.sent}>
          {query.data.deliveries.map((delivery) => {
            const { at, flight, version, outcome, reason } = delivery;
            const came = isOne(OUTCOMES, outcome) ? OUTCOMES[outcome] : undefined;
            const matters = delivery.matters.map((each) =>
              isOne(MATTERS, each) ? i18n._(MATTERS[each]) : each,
            );
            return (
              <li key={`${at} ${flight} ${version}`}>
                <time dateTime={at}>{dayAndTime(at, zone, i18n.locale)}</time>
                <span>{new Intl.ListFormat(i18n.locale, { type: "unit" }).format(matters)}</span>
                <span className={ui.badge} data-tone={came?.tone}>
                  {came ? i18n._(came.words) : outcome}
                </span>
                {reason && outcome !== "accepted" && (
                  <span className={ui.hint} lang="en">
                    {reason}
                  </span>
                )}
              </li>
            );
          })}
        </ul>
      )}
    </details>
  );
}
