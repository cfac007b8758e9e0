import { Trans, useLingui } from "@lingui/react/macro";
import { useState } from "react";
import type { Flight } from "../live/merge";
import ui from "../ui/ui.module.css";

/** Share the flight’s address: by the device’s own way, else by copying it. */
export function Share({ flight, says }: { flight: Flight; says: string }) {
  const { t } = useLingui();
  const [copied, setCopied] = useState<"yes" | "no">();
  const url = `${location.origin}/flights/${flight.id}`;

  async function share() {
    setCopied(undefined);
    if (navigator.share) {
      // Who closes the device's own dialog shares nothing, which is no error.
      await navigator.share({ title: `${flight.number} · Gatecall`, text: says, url }).catch(() => undefined);
      return;
    }
    try {
      await navigator.clipboard.writeText(url);
      setCopied("yes");
    } catch {
      setCopied("no");
    }
  }

  return (
    <>
      <button type="button" className={ui.button} onClick={share}>
        {t`Share`}
      </button>
      <span role="status" className={ui.hint}>
        {copied === "yes" && <Trans>The link is copied.</Trans>}
        {copied === "no" && <Trans>The link can’t be copied here. It stands in the address bar.</Trans>}
      </span>
    </>
  );
}
