import { useLingui } from "@lingui/react/macro";
import { useState } from "react";
import { api, unwrap } from "../api/client";
import { accessTo } from "../book/kept";
import { Notice, Why } from "../ui/states";
import ui from "../ui/ui.module.css";

/** The papers of a booking. They are fetched by who may, as a link alone would not say who asks. */
export function Downloads({ pnr }: { pnr: string }) {
  const { t } = useLingui();
  const [error, setError] = useState<unknown>();
  const asked = { params: { path: { pnr } }, headers: accessTo(pnr), parseAs: "blob" } as const;
  const files = {
    pdf: () => unwrap(api.GET("/v1/bookings/{pnr}/itinerary.pdf", asked)),
    ics: () => unwrap(api.GET("/v1/bookings/{pnr}/itinerary.ics", asked)),
  };

  function load(kind: keyof typeof files) {
    setError(undefined);
    files[kind]().then((file) => save(file, `${pnr}.${kind}`), setError);
  }

  return (
    <>
      <div className={ui.actions}>
        <button type="button" className={ui.button} onClick={() => load("pdf")}>
          {t`Itinerary as PDF`}
        </button>
        <button type="button" className={ui.button} onClick={() => load("ics")}>
          {t`Add to calendar`}
        </button>
      </div>
      {error !== undefined && (
        <Notice tone="bad" says>
          <Why error={error} />
        </Notice>
      )}
    </>
  );
}

function save(file: Blob, name: string) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // once the browser has read it
}
