import { Trans, useLingui } from "@lingui/react/macro";
import { Link, useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { flightNow } from "../live/clock";
import { ChooseOne, TextLine } from "../ui/forms";
import { Page } from "../ui/page";
import { Failed, Loading, Notice } from "../ui/states";
import { clockTime, isoDate } from "../ui/times";
import ui from "../ui/ui.module.css";
import { AskedCard } from "./AskedCard";
import { stillSubscribed } from "./browserPush";
import { ConfirmFromLink } from "./ConfirmFromLink";
import type { Subject } from "./device";
import { FollowedCard } from "./FollowedCard";
import { FollowForm } from "./FollowForm";
import styles from "./follow.module.css";
import { forget, type Holder, useFollowing } from "./following";
import { Where } from "./words";

/** What is followed by the account and by the addresses of this device; and to follow more. */
export function FollowingPage() {
  const { t, i18n } = useLingui();
  const { holders, asked, loading, error, seen, again } = useFollowing();
  const here = new Set(holders.flatMap(({ subscriptions }) => subscriptions.map(({ id }) => id)));
  const waiting = asked.filter(({ id }) => !here.has(id));
  const shown = holders.filter(({ subscriptions, token }) => subscriptions.length || token);
  const nothing = !loading && !error && !waiting.length && !shown.length;
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const at = seen && clockTime(seen, zone, i18n.locale);
  return (
    <Page title={t`Flights you follow`} narrow>
      <ConfirmFromLink />
      {loading && !shown.length && <Loading lines={4} label={t`Loading what you follow`} />}
      {Boolean(error) &&
        (at ? (
          <Notice tone="late" says>
            <p>
              <Trans>There is no answer from the server. This is what was last seen, at {at}.</Trans>
            </p>
            <button type="button" className={ui.button} onClick={again}>
              {t`Try again`}
            </button>
          </Notice>
        ) : (
          <Failed error={error} again={again} />
        ))}
      {waiting.length > 0 && (
        <section className={ui.card} aria-labelledby="waiting">
          <h2 id="waiting">
            <Trans>Not confirmed yet</Trans>
          </h2>
          {waiting.map((each) => (
            <AskedCard key={each.id} asked={each} named />
          ))}
        </section>
      )}
      {shown.map((holder) => (
        <HolderSection key={holder.token ?? "account"} holder={holder} />
      ))}
      {nothing && <Nothing />}
      <section className={ui.card} aria-labelledby="more">
        <h2 id="more">
          {nothing ? <Trans>Follow by number or route</Trans> : <Trans>Follow another flight</Trans>}
        </h2>
        <FollowAny />
      </section>
      <p className={ui.hint}>
        <Trans>
          Did you confirm an address on another device? Open the link in its latest message here, and what it
          follows is shown on this page.
        </Trans>
      </p>
    </Page>
  );
}

/** Who follows nothing: what following is, and where to begin. */
function Nothing() {
  return (
    <section className={ui.card} aria-labelledby="nothing">
      <h2 id="nothing">
        <Trans>You follow no flight yet</Trans>
      </h2>
      <p>
        <Trans>
          Follow a flight, and a message tells you when it is late, cancelled, diverted or changes its gate:
          by email, SMS or in this browser. No account is needed.
        </Trans>
      </p>
      <div className={ui.actions}>
        <Link to="/" className={`${ui.button} ${ui.main}`}>
          <Trans>Find a flight</Trans>
        </Link>
      </div>
    </section>
  );
}

function HolderSection({ holder }: { holder: Holder }) {
  const { t } = useLingui();
  const { token } = holder;
  const title = `holder-${holder.subscriptions[0]?.id ?? holder.channel}`;
  const going = holder.subscriptions.filter(({ status }) => status !== "stopped");
  const stopped = holder.subscriptions.filter(({ status }) => status === "stopped");
  return (
    <section className={ui.card} aria-labelledby={title}>
      <h2 id={title}>
        <Where channel={holder.channel} address={holder.address} known={holder.endpoint !== undefined} />
      </h2>
      {holder.channel === "webpush" && holder.endpoint && <StillHere endpoint={holder.endpoint} />}
      {going.map((each) => (
        <FollowedCard key={each.id} subscription={each} holder={holder} on="list" />
      ))}
      {!going.length && (
        <p className={ui.hint}>
          <Trans>Nothing is followed with this address at the moment.</Trans>
        </p>
      )}
      {stopped.length > 0 && (
        <details className={styles.fold}>
          <summary>{t`Stopped`}</summary>
          {stopped.map((each) => (
            <FollowedCard key={each.id} subscription={each} holder={holder} on="list" />
          ))}
        </details>
      )}
      {token && (
        <details className={styles.fold}>
          <summary>{t`Why do I see this?`}</summary>
          <p className={ui.hint}>
            <Trans>
              It was confirmed on this device, or its link was opened here. Take it off a device that others
              use: messages go on.
            </Trans>
          </p>
          <button type="button" className={ui.button} onClick={() => void forget(token)}>
            {t`Take it off this device`}
          </button>
        </details>
      )}
    </section>
  );
}

/** Says where messages no longer come to this browser. */
function StillHere({ endpoint }: { endpoint: string }) {
  const [lost, setLost] = useState(false);
  useEffect(() => {
    const look = () => void stillSubscribed(endpoint).then((still) => setLost(!still));
    look();
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, [endpoint]);
  if (!lost) return null;
  return (
    <Notice tone="bad" says>
      <p>
        <Trans>
          Messages no longer come to this browser: notifications were turned off, or its data was cleared.
          Allow notifications for this site, then follow the flights again.
        </Trans>
      </p>
    </Notice>
  );
}

/** Follow by number and date, or by route and date. */
function FollowAny() {
  const { t } = useLingui();
  const asked: { number?: string; date?: string } = useSearch({ strict: false });
  const [by, setBy] = useState<"number" | "route">("number");
  const today = isoDate(flightNow(), Intl.DateTimeFormat().resolvedOptions().timeZone);
  return (
    <FollowForm subject={(fields) => subjectOf(fields, by)}>
      <ChooseOne
        name="by"
        label={t`What to follow`}
        value={by}
        onChange={setBy}
        options={[
          { id: "number", label: t`A flight by its number` },
          { id: "route", label: t`All flights of a route` },
        ]}
      />
      <div className={styles.pair}>
        {by === "number" ? (
          <TextLine
            key="number"
            name="number"
            label={t`Flight number`}
            hint={t`Such as UA1545`}
            required
            maxLength={12}
            value={asked.number}
            autoComplete="off"
          />
        ) : (
          <>
            <TextLine
              key="origin"
              name="origin"
              label={t({ message: "From", context: "an airport" })}
              hint={t`The airport’s code, such as EWR`}
              required
              maxLength={4}
              autoComplete="off"
            />
            <TextLine
              key="destination"
              name="destination"
              label={t({ message: "To", context: "an airport" })}
              hint={t`The airport’s code, such as LAX`}
              required
              maxLength={4}
              autoComplete="off"
            />
          </>
        )}
        <TextLine
          name="date"
          label={t`Day of departure`}
          hint={t`At the airport it leaves`}
          type="date"
          required
          value={asked.date ?? today}
        />
      </div>
    </FollowForm>
  );
}

/** What the fields say is to be followed. */
export function subjectOf(fields: FormData, by: "number" | "route"): Subject {
  const text = (name: string) => String(fields.get(name) ?? "").trim();
  const date = text("date");
  if (by === "number") return { number: text("number").replaceAll(" ", "").toUpperCase(), date };
  return { origin: text("origin").toUpperCase(), destination: text("destination").toUpperCase(), date };
}
