import { Trans, useLingui } from "@lingui/react/macro";
import { useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useRouter } from "@tanstack/react-router";
import { useState } from "react";
import { Button, Group } from "react-aria-components";
import { ApiProblem, Refused } from "../api/problems";
import { useSession } from "../api/session";
import type { BookingAnswer, HoldRequest, Money } from "../api/types";
import { Asking } from "../ui/dialog";
import { AskForm, SelectOne, TextLine } from "../ui/forms";
import { Page } from "../ui/page";
import { Empty, Notice, Why } from "../ui/states";
import ui from "../ui/ui.module.css";
import styles from "./book.module.css";
import { bookingIs } from "./bookings";
import {
  fieldsOfAge,
  flightsOf,
  isPhone,
  type Kind,
  kindsOf,
  MOST_BAGS,
  newTotal,
  orderOf,
  readBookSearch,
} from "./chosen";
import { chosenOffer, hold, release, wait } from "./hold";
import { money } from "./money";
import { settled } from "./onceKey";
import { Steps } from "./Steps";
import { FlightLine } from "./Summary";
import { someFull } from "./seatsLive";
import { ASSISTANCE_WORDS, MEAL_WORDS } from "./services";

const route = getRouteApi("/book");

/** Who flies, whom to tell, and what they bring: then the seats are held. */
export function PassengersPage() {
  const { t, i18n } = useLingui();
  const search = readBookSearch(route.useSearch());
  const router = useRouter();
  const client = useQueryClient();
  const session = useSession();
  const kinds = kindsOf(search);
  const flights = flightsOf(search);
  const offer = chosenOffer(flights);
  const [agreed, setAgreed] = useState(search.total);
  const [changed, setChanged] = useState<{ order: HoldRequest; price: Money; held?: BookingAnswer }>();
  const [full, setFull] = useState<HoldRequest>();
  const account = session.state === "signed-in" ? session.account : undefined;
  const currency = search.currency ?? "USD";

  if (!flights.length)
    return (
      <Page title={t`Passengers`} narrow>
        <Empty title={t`No flights are chosen`}>
          <p>
            <Link to="/search">
              <Trans>Search flights</Trans>
            </Link>
          </p>
        </Empty>
      </Page>
    );

  async function ask(fields: FormData) {
    setFull(undefined);
    const order = orderOf(search, fields, i18n.locale, agreed);
    if (order.contact.phone && !isPhone(order.contact.phone))
      throw new Refused("", {
        "contact.phone": t`This is not a phone number with + and the country’s code.`,
      });
    await holding(order).catch((reason) => {
      const ages = fieldsOfAge(reason);
      if (!ages.length) throw reason;
      const says = t`By this date they travel at another age. Search again with the right number of adults, children and infants.`;
      throw new Refused("", Object.fromEntries(ages.map((field) => [field, says])));
    });
  }

  async function holding(order: HoldRequest) {
    try {
      const booking = await hold(order);
      // With bags and services the API can't be told which price was shown: it is compared here.
      const fare = booking.lines
        .filter(({ kind }) => kind === "fare" || kind === "tax" || kind === "fee")
        .reduce((sum, { amount }) => sum + amount, 0);
      if (agreed !== undefined && !order.total && fare !== agreed)
        return setChanged({
          order,
          price: { amount: fare, currency: booking.total.currency },
          held: booking,
        });
      await goOn(booking);
    } catch (error) {
      if (!(error instanceof ApiProblem && error.status === 409)) throw error;
      const price = newTotal(error.members);
      if (price) return setChanged({ order, price });
      const seats = kinds.filter((kind) => kind !== "infant").length;
      if (!(await someFull(flights, search.cabin ?? "economy", seats).catch(() => false))) throw error;
      setFull(order);
      throw new Refused(
        t`These flights have no more seats for all of you. You can wait for some, or search again.`,
      );
    }
  }

  async function goOn(booking: BookingAnswer) {
    bookingIs(client, booking, !account);
    await router.navigate({ to: "/book/$pnr/seats", params: { pnr: booking.pnr } });
  }

  async function accept() {
    if (!changed) return;
    const { order, price, held } = changed;
    setAgreed(price.amount);
    if (held) return goOn(held);
    await hold({ ...order, total: price }).then(goOn);
  }

  return (
    <Page title={t`Passengers`} narrow>
      <Steps at="passengers" />
      <section className={ui.card} aria-label={t`Your flights`}>
        <ul className={styles.flights}>
          {offer
            ? offer.journeys.flatMap(({ segments }) =>
                segments.map(({ flight, number, departure, arrival }) => (
                  <li key={flight}>
                    <FlightLine
                      flight={{
                        number,
                        origin: departure.airport,
                        origin_zone: departure.zone,
                        destination: arrival.airport,
                        destination_zone: arrival.zone,
                        scheduled_out: departure.scheduled_out,
                        scheduled_in: arrival.scheduled_in,
                      }}
                    />
                  </li>
                )),
              )
            : flights.map((flight) => <li key={flight}>{flight.split("-").join(" ")}</li>)}
        </ul>
        {agreed !== undefined && (
          <p>
            <strong>{money({ amount: agreed, currency }, i18n.locale)}</strong>{" "}
            <span className={ui.hint}>
              <Trans>with all taxes and fees, without bags and chosen seats</Trans>
            </span>
          </p>
        )}
      </section>
      <AskForm
        key={account?.id}
        submit={t`Hold the seats`}
        ask={ask}
        beside={
          full && <Waiting order={full} onWaiting={(booking) => bookingIs(client, booking, !account)} />
        }
      >
        {kinds.map((kind, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a passenger is known by the place
          <Passenger key={at} kind={kind} at={at} kinds={kinds} />
        ))}
        <Group className={ui.card} aria-labelledby="contact">
          <h2 id="contact">
            <Trans>Contact</Trans>
          </h2>
          <p className={ui.hint}>
            <Trans>Tickets and every change of your flights are sent there.</Trans>
          </p>
          <TextLine
            label={t`Email address`}
            name="contact.email"
            type="email"
            autoComplete="email"
            value={account?.email}
            required
          />
          <TextLine
            label={t`Mobile number, if you like`}
            hint={t`with the country code, such as +1 202 555 0123`}
            name="contact.phone"
            type="tel"
            autoComplete="tel"
          />
        </Group>
        <p className={ui.hint}>
          <Trans>Next, the seats and the price are kept for you for 15 minutes. You pay after that.</Trans>
        </p>
      </AskForm>
      {changed && (
        <Changed
          before={agreed === undefined ? undefined : { amount: agreed, currency }}
          price={changed.price}
          onAccept={accept}
          onClose={() => {
            if (changed.held) void release(changed.held.pnr);
            settled("hold"); // the same order again is meant anew
            setChanged(undefined);
          }}
        />
      )}
    </Page>
  );
}

function Passenger({ kind, at, kinds }: { kind: Kind; at: number; kinds: readonly Kind[] }) {
  const { t, i18n } = useLingui();
  const place = at + 1 - kinds.indexOf(kind); // among those of the same kind
  const heading = { adult: t`Adult ${place}`, child: t`Child ${place}`, infant: t`Infant ${place}` }[kind];
  const adults = kinds.flatMap((each, other) => {
    const number = other + 1;
    return each === "adult" ? [{ id: String(other), label: t`Adult ${number}` }] : [];
  });
  const bags = Array.from({ length: MOST_BAGS + 1 }, (_, count) => ({
    id: String(count),
    label: String(count),
  }));
  const choices = (words: typeof ASSISTANCE_WORDS | typeof MEAL_WORDS) => [
    { id: "", label: t`None` },
    ...Object.entries(words).map(([id, says]) => ({ id, label: i18n._(says) })),
  ];
  return (
    <Group className={ui.card} aria-labelledby={`passenger-${at}`}>
      <h2 id={`passenger-${at}`}>{heading}</h2>
      <div className={styles.pair}>
        <TextLine
          label={t`Given names`}
          hint={t`as in the passport`}
          name={`passengers.${at}.given_name`}
          autoComplete={at ? "off" : "given-name"}
          maxLength={60}
        />
        <TextLine
          label={t`Family name`}
          hint={t`as in the passport`}
          name={`passengers.${at}.family_name`}
          autoComplete={at ? "off" : "family-name"}
          maxLength={60}
          required
        />
        {kind !== "adult" && (
          <TextLine
            label={t`Date of birth`}
            hint={kind === "child" ? t`2 to 11 years old when they fly` : t`under 2 years old when they fly`}
            name={`passengers.${at}.date_of_birth`}
            type="date"
            required
          />
        )}
        {kind === "infant" && (
          <SelectOne
            label={t`On the lap of`}
            name={`passengers.${at}.lap_of`}
            options={adults}
            value={adults[place - 1]?.id}
          />
        )}
      </div>
      {kind !== "infant" && (
        <details className={styles.more}>
          <summary>
            <Trans>Bags, assistance and meals</Trans>
          </summary>
          <div className={styles.pair}>
            <SelectOne
              label={t`Checked bags beyond those of the fare`}
              name={`bags.${at}`}
              options={bags}
              value="0"
            />
            <SelectOne
              label={t`Assistance, free`}
              name={`services.${at}`}
              options={choices(ASSISTANCE_WORDS)}
              value=""
            />
            <SelectOne label={t`Meal`} name={`services.${at}`} options={choices(MEAL_WORDS)} value="" />
          </div>
        </details>
      )}
    </Group>
  );
}

/** The price is another by now: the old one, the new one, and whether to go on. */
function Changed(props: {
  before: Money | undefined;
  price: Money;
  onAccept: () => Promise<void>;
  onClose: () => void;
}) {
  const { t, i18n } = useLingui();
  const [error, setError] = useState<unknown>();
  const [asking, setAsking] = useState(false);
  const before = props.before && money(props.before, i18n.locale);
  const now = money(props.price, i18n.locale);
  const less = props.before && props.price.amount < props.before.amount;
  return (
    <Asking title={t`The price has changed`} open alert onClose={props.onClose}>
      <p>
        {!before ? (
          <Trans>
            It is <strong>{now}</strong> now.
          </Trans>
        ) : less ? (
          <Trans>
            It was {before} and is <strong>{now}</strong> now: less than before.
          </Trans>
        ) : (
          <Trans>
            It was {before} and is <strong>{now}</strong> now. Others were faster with the last seats at the
            former price.
          </Trans>
        )}
      </p>
      {error !== undefined && (
        <Notice tone="bad" says>
          <Why error={error} />
        </Notice>
      )}
      <div className={ui.actions}>
        <Button
          className={`${ui.button} ${ui.main}`}
          isPending={asking}
          onPress={() => {
            setAsking(true);
            setError(undefined);
            props
              .onAccept()
              .catch(setError)
              .finally(() => setAsking(false));
          }}
        >
          {t`Go on for ${now}`}
        </Button>
        <Button className={ui.button} onPress={props.onClose}>
          <Trans>Back</Trans>
        </Button>
      </div>
    </Asking>
  );
}

/** The flights are full: to wait for seats that come back. */
function Waiting({ order, onWaiting }: { order: HoldRequest; onWaiting: (booking: BookingAnswer) => void }) {
  const router = useRouter();
  const [error, setError] = useState<unknown>();
  const [asking, setAsking] = useState(false);

  async function join() {
    const booking = await wait(order);
    onWaiting(booking);
    await router.navigate({ to: "/bookings/$pnr", params: { pnr: booking.pnr } });
  }

  return (
    <div className={ui.field}>
      <Button
        className={ui.button}
        isPending={asking}
        onPress={() => {
          setAsking(true);
          setError(undefined);
          join()
            .catch(setError)
            .finally(() => setAsking(false));
        }}
      >
        <Trans>Join the waitlist</Trans>
      </Button>
      <p className={ui.hint}>
        <Trans>
          When seats come back, they are held for you for two hours, and you are told. It costs nothing.
        </Trans>
      </p>
      {error !== undefined && (
        <p role="alert" className={ui.wrong}>
          <Why error={error} />
        </p>
      )}
    </div>
  );
}
