import { Trans, useLingui } from "@lingui/react/macro";
import { useState } from "react";
import type { BookingAnswer } from "../api/types";
import { Asking } from "../ui/dialog";
import { Loading, Notice, Why } from "../ui/states";
import ui from "../ui/ui.module.css";
import { useTerms } from "./terms";
import { useVerbs } from "./verbs";

/** Cancels a booking, once it is said what comes back. */
export function CancelBooking({ booking, onClose }: { booking: BookingAnswer; onClose: () => void }) {
  const { t } = useLingui();
  const verbs = useVerbs(booking.pnr);
  const held = booking.state === "held";
  const terms = useTerms(booking);
  const [asking, setAsking] = useState(false);
  const [error, setError] = useState<unknown>();

  async function cancel() {
    setAsking(true);
    setError(undefined);
    try {
      await verbs.cancel();
      onClose();
    } catch (reason) {
      setError(reason);
      setAsking(false);
    }
  }

  return (
    <Asking title={held ? t`Let the seats go?` : t`Cancel this booking?`} open alert onClose={onClose}>
      {held ? (
        <p>
          <Trans>Nothing was paid, and nothing is owed. Somebody else may take the seats at once.</Trans>
        </p>
      ) : terms.says ? (
        <>
          <p>
            <strong>{terms.says}</strong>
          </p>
          {terms.why && <p>{terms.why}</p>}
          <p>
            <Trans>
              The tickets of all passengers end, and the seats are free at once. This can’t be undone.
            </Trans>
          </p>
        </>
      ) : terms.error ? (
        <Notice tone="bad" says>
          <Why error={terms.error} />
        </Notice>
      ) : (
        <Loading lines={2} label={t`Finding out what comes back`} />
      )}
      {error !== undefined && (
        <Notice tone="bad" says>
          <Why error={error} />
        </Notice>
      )}
      <div className={ui.actions}>
        {(held || terms.says) && (
          <button
            type="button"
            className={`${ui.button} ${ui.danger}`}
            aria-disabled={asking}
            onClick={() => void (asking || cancel())}
          >
            {held ? t`Let them go` : t`Cancel the booking`}
          </button>
        )}
        <button type="button" className={ui.button} onClick={onClose}>
          {held ? t`Keep them` : t`Keep the booking`}
        </button>
        {asking && (
          <span role="status" className={ui.hint}>
            <Trans>Sending …</Trans>
          </span>
        )}
      </div>
    </Asking>
  );
}
