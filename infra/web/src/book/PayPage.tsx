import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useRouter } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { Button } from "react-aria-components";
import { api, unwrap } from "../api/client";
import { ApiProblem, NoAnswer, Refused } from "../api/problems";
import type { BookingAnswer } from "../api/types";
import { AskForm, ChooseOne } from "../ui/forms";
import { Page } from "../ui/page";
import { Failed, Loading, Notice } from "../ui/states";
import ui from "../ui/ui.module.css";
import styles from "./book.module.css";
import { bookingIs, bookingKey, paidUntil, useBooking } from "./bookings";
import { HoldClock, HoldOver, useHoldOver } from "./HoldClock";
import { accessTo } from "./kept";
import { money } from "./money";
import { onceKey, settled } from "./onceKey";
import { Steps } from "./Steps";
import { Flights, Price } from "./Summary";

const route = getRouteApi("/book/$pnr/pay");

/** Pay what is to be paid. Whoever comes back from their bank, or reloads, finds here what became of it. */
export function PayPage() {
  const { t } = useLingui();
  const { pnr } = route.useParams();
  const booking = useBooking(pnr);
  const router = useRouter();
  const over = useHoldOver(booking.data);
  // Never by what the device kept: who comes back from the bank is not to be asked to pay again.
  const data = booking.isFetchedAfterMount ? booking.data : undefined;
  const lapsed = useLapsed(data);
  const settledNow = data?.state === "ticketed" && !data.to_pay && !lapsed;

  useEffect(() => {
    if (settledNow) void router.navigate({ to: "/bookings/$pnr", params: { pnr }, replace: true });
  }, [settledNow, pnr, router]);

  return (
    <Page title={t`Payment`} narrow>
      {data?.state === "held" && <Steps at="pay" />}
      {!data && !booking.error && <Loading lines={6} label={t`Loading the booking`} />}
      {booking.error && !data && <Failed error={booking.error} again={() => void booking.refetch()} />}
      {settledNow && <Loading lines={3} label={t`Opening your booking`} />}
      {data && !settledNow && <Standing booking={data} over={over || lapsed} />}
    </Page>
  );
}

/** Whether a change was to be paid on this page, and is gone without having been made: its time is over. */
function useLapsed(booking: BookingAnswer | undefined): boolean {
  const [wanted, setWanted] = useState<string>();
  const change = booking?.change && named(booking.change.flights);
  useEffect(() => {
    if (change) setWanted(change);
  }, [change]);
  return Boolean(wanted && booking && !booking.change && named(booking.flights) !== wanted);
}

function named(flights: BookingAnswer["flights"]): string {
  return flights.map(({ flight }) => flight).join();
}

function Standing({ booking, over }: { booking: BookingAnswer; over: boolean }) {
  const { i18n } = useLingui();
  const [another, setAnother] = useState(false); // card, instead of what is under way
  const underWay = another ? undefined : booking.payment;
  if (underWay === "challenge" && booking.challenge)
    return (
      <Notice tone="late" says>
        <h2>
          <Trans>Your bank asks you to approve</Trans>
        </h2>
        <p>
          <Trans>
            Nothing is paid until you approve the payment on your bank’s page. This page goes on by itself.
          </Trans>
        </p>
        <a href={booking.challenge.url} className={`${ui.button} ${ui.main}`}>
          <Trans>Go to your bank’s page</Trans>
        </a>
        <AnotherCard choose={() => setAnother(true)} />
      </Notice>
    );
  if (underWay === "open")
    return (
      <Notice tone="late" says>
        <h2>
          <Trans>The payment is not answered yet</Trans>
        </h2>
        <p>
          <Trans>
            The payment service is asked until it says whether it went through: within a minute as a rule, at
            the latest when the time to pay ends. This page goes on by itself, and you can also close it and
            open your booking later.
          </Trans>
        </p>
        <AnotherCard choose={() => setAnother(true)} />
      </Notice>
    );
  if (over) return <HoldOver booking={booking} />;
  if (!booking.to_pay)
    return (
      <Notice>
        <p>
          <Trans>There is nothing to pay for this booking.</Trans>
        </p>
        <Link to="/search" className={ui.button}>
          <Trans>Search flights</Trans>
        </Link>
      </Notice>
    );
  const whole = booking.state === "held";
  const until = paidUntil(booking);
  return (
    <>
      {until && <HoldClock until={until} />}
      <section className={ui.card} aria-labelledby="what">
        <h2 id="what">
          <Trans>What you pay for</Trans>
        </h2>
        <Flights flights={whole ? booking.flights : (booking.change?.flights ?? booking.flights)} />
        {whole ? (
          <>
            <Price booking={booking} />
            <p>
              <Link to="/book/$pnr/seats" params={{ pnr: booking.pnr }}>
                <Trans>Choose other seats</Trans>
              </Link>
            </p>
          </>
        ) : (
          <p>
            <strong>{money(booking.to_pay, i18n.locale)}</strong>
          </p>
        )}
      </section>
      <Cards booking={booking} />
    </>
  );
}

/** Whoever does not want to wait for a payment under way; the API gives that one up before it takes another. */
function AnotherCard({ choose }: { choose: () => void }) {
  return (
    <>
      <p>
        <Trans>
          You can use another card instead: the payment under way is given up first, so that you pay once.
        </Trans>
      </p>
      <Button className={ui.button} onPress={choose}>
        <Trans>Use another card</Trans>
      </Button>
    </>
  );
}

function Cards({ booking }: { booking: BookingAnswer }) {
  const { t, i18n } = useLingui();
  const client = useQueryClient();
  const { pnr } = booking;
  const methods = useQuery({
    queryKey: ["payment methods"],
    queryFn: ({ signal }) => unwrap(api.GET("/v1/payments/methods", { signal })),
    staleTime: 300_000,
  });
  const [unsure, setUnsure] = useState(false); // whether the last try arrived
  const [refused, setRefused] = useState(false); // the form says so
  const due = booking.to_pay ? money(booking.to_pay, i18n.locale) : "";

  async function pay(fields: FormData) {
    const body = { token: String(fields.get("token")), return_url: `/book/${pnr}/pay` };
    // The key stays until the outcome is known: whoever tries again, or reloads, never pays twice.
    const purpose = `pay ${pnr}`;
    const header = { "Idempotency-Key": await onceKey(purpose, body) };
    const params = { path: { pnr }, header };
    setUnsure(false);
    setRefused(true);
    try {
      const asked = api.POST("/v1/bookings/{pnr}/payments", { params, body, headers: accessTo(pnr) });
      const answer = await unwrap(asked);
      settled(purpose);
      bookingIs(client, answer);
      if (answer.challenge) location.assign(answer.challenge.url);
    } catch (error) {
      const declined = error instanceof ApiProblem && error.status === 402;
      if (declined) settled(purpose);
      if (error instanceof NoAnswer || (error instanceof ApiProblem && error.status >= 500)) setUnsure(true);
      void client.invalidateQueries({ queryKey: bookingKey(pnr) });
      if (!declined) throw error;
      throw new Refused(
        error.detail.includes("insufficient funds")
          ? t`The card has not enough money left for this. Nothing was taken: choose another card.`
          : t`The payment was declined, and nothing was taken. Choose another card.`,
      );
    }
  }

  if (methods.isPending) return <Loading lines={4} label={t`Loading how to pay`} />;
  if (!methods.data) return <Failed error={methods.error} again={() => void methods.refetch()} />;
  const simulated = methods.data.service === "simulated";
  return (
    <section className={ui.card} aria-labelledby="how">
      <h2 id="how">
        <Trans>How you pay</Trans>
      </h2>
      {simulated && (
        <Notice>
          <p>
            <Trans>
              The payment service is simulated: no money moves, and no card data is asked for. Choose a test
              card by what it does.
            </Trans>
          </p>
        </Notice>
      )}
      {booking.payment === "declined" && !refused && (
        <Notice tone="late">
          <p>
            <Trans>The last payment was declined, and nothing was taken. Choose another card.</Trans>
          </p>
        </Notice>
      )}
      <AskForm submit={t`Pay ${due}`} ask={pay}>
        <ChooseOne
          label={t`Card`}
          name="token"
          value={methods.data.methods[0]?.token}
          options={methods.data.methods.map(({ token, label, what }) => ({
            id: token,
            label: (
              <span lang="en">
                {label} <small className={styles.what}>{what}</small>
              </span>
            ),
          }))}
        />
      </AskForm>
      {unsure && (
        <p className={ui.hint}>
          <Trans>
            It is not known whether the payment arrived. You can press the button again: you pay once at most.
          </Trans>
        </p>
      )}
    </section>
  );
}
