import { Trans, useLingui } from "@lingui/react/macro";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Button } from "react-aria-components";
import { api, unwrap } from "../api/client";
import { Notice, Why } from "../ui/states";
import ui from "../ui/ui.module.css";

const NAME = "gatecall-export.json";

/** A copy of everything that is held on the person, as a file. */
export function Export() {
  const { i18n } = useLingui();
  const download = useMutation({
    mutationFn: async () => {
      const file = await unwrap(api.GET("/v1/accounts/me/export", { parseAs: "blob" }));
      save(file);
      return file.size;
    },
  });
  const size = new Intl.NumberFormat(i18n.locale, {
    style: "unit",
    unit: "kilobyte",
    maximumFractionDigits: 0,
  });
  return (
    <section aria-labelledby="export" className={ui.card}>
      <h2 id="export">
        <Trans>A copy of your data</Trans>
      </h2>
      <p>
        <Trans>Everything that is held on you, as a file that programs can read (JSON).</Trans>
      </p>
      {download.error && (
        <Notice tone="bad" says>
          <Why error={download.error} />
        </Notice>
      )}
      {download.data !== undefined && !download.isPending && (
        <Notice tone="good" says>
          <Trans>
            Saved with your downloads as {NAME}, {size.format(Math.ceil(download.data / 1000))}.
          </Trans>
        </Notice>
      )}
      <div className={ui.actions}>
        <Button className={ui.button} isPending={download.isPending} onPress={() => download.mutate()}>
          <Trans>Download</Trans>
        </Button>
        {download.isPending && <Collecting />}
      </div>
    </section>
  );
}

function Collecting() {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), 3000);
    return () => clearTimeout(timer);
  }, []);
  return (
    <span className={ui.hint} role="status">
      {slow ? (
        <Trans>Still collecting. Where you follow many flights this takes up to half a minute.</Trans>
      ) : (
        <Trans>Collecting what is held on you …</Trans>
      )}
    </span>
  );
}

function save(file: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = NAME;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the browser may still be reading it
}
