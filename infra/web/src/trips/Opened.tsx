import { useLingui } from "@lingui/react/macro";
import { useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { type ReactNode, useEffect, useState } from "react";
import { ApiProblem } from "../api/problems";
import type { BookingAnswer } from "../api/types";
import { useBooking } from "../book/bookings";
import { keepBooking } from "../book/kept";
import { Page } from "../ui/page";
import { Failed, Loading, Notice } from "../ui/states";
import { clockTime } from "../ui/times";
import ui from "../ui/ui.module.css";
import { FindForm } from "./FindPage";

/** A page about a booking: what it is while the booking loads, can't be had, or is only known from before. */
export function Opened(props: {
  pnr: string;
  title: string;
  children: (booking: BookingAnswer, refetch: () => Promise<unknown>) => ReactNode;
}) {
  const { pnr, title } = props;
  const ready = useTokenOfLink(pnr);
  return ready ? <OpenedNow {...props} /> : <Page title={title}>{null}</Page>;
}

function OpenedNow(props: {
  pnr: string;
  title: string;
  children: (booking: BookingAnswer, refetch: () => Promise<unknown>) => ReactNode;
}) {
  const { t, i18n } = useLingui();
  const { pnr, title } = props;
  const { data, error, refetch, dataUpdatedAt } = useBooking(pnr);
  const refused = error instanceof ApiProblem && [400, 401, 403, 404].includes(error.status);
  if (refused) {
    return (
      <Page title={title} narrow>
        <section className={ui.card}>
          <p>{t`This device can’t open ${pnr} without knowing a passenger. Log in, or enter a family name.`}</p>
          <FindForm pnr={pnr} />
        </section>
      </Page>
    );
  }
  if (!data) {
    return (
      <Page title={title}>
        {error ? (
          <Failed error={error} again={() => void refetch()} />
        ) : (
          <Loading lines={5} label={t`Loading the booking`} />
        )}
      </Page>
    );
  }
  const seen = clockTime(dataUpdatedAt, Intl.DateTimeFormat().resolvedOptions().timeZone, i18n.locale);
  return (
    <>
      {error && (
        <div className={ui.page} style={{ paddingBlockEnd: 0 }}>
          <Notice tone="late" says>
            <p>{t`There is no answer from the server. This is your booking as it was at ${seen}.`}</p>
            <button type="button" className={ui.button} onClick={() => void refetch()}>
              {t`Try again`}
            </button>
          </Notice>
        </div>
      )}
      {props.children(data, refetch)}
    </>
  );
}

/** A link in a message brings the booking's token behind the #, which no server sees: it is kept on this device. */
function useTokenOfLink(pnr: string): boolean {
  const router = useRouter();
  const client = useQueryClient();
  const [ready, setReady] = useState(() => !tokenHere());
  useEffect(() => {
    const token = tokenHere();
    if (!token) return;
    keepBooking({ pnr, link: token });
    void client.invalidateQueries({ queryKey: ["kept", "booking", pnr] });
    history.replaceState(history.state, "", location.pathname + location.search);
    void router.navigate({ to: ".", search: true, hash: "", replace: true });
    setReady(true);
  }, [pnr, client, router]);
  return ready;
}

function tokenHere(): string | null {
  return new URLSearchParams(location.hash.slice(1)).get("token");
}
