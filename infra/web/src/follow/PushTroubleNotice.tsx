import { Trans } from "@lingui/react/macro";
import { Notice } from "../ui/states";
import type { PushTrouble } from "./browserPush";

/** Why this browser can't be told by push, and what to do. */
export function PushTroubleNotice({ why }: { why: PushTrouble }) {
  return (
    <Notice tone="late" says>
      <p>
        <Words why={why} />
      </p>
    </Notice>
  );
}

function Words({ why }: { why: PushTrouble }) {
  switch (why) {
    case "install":
      return (
        <Trans>
          On an iPhone or iPad, messages come only to the installed app. Choose “Share”, then “Add to Home
          Screen”, open Gatecall from there and follow the flight again.
        </Trans>
      );
    case "denied":
      return (
        <Trans>
          This browser blocks notifications from this site. Allow them in the site’s settings (the icon beside
          the address), then try again. Or choose email or SMS.
        </Trans>
      );
    case "dismissed":
      return (
        <Trans>
          The browser’s question was closed without an answer. Follow again and allow notifications, or choose
          email or SMS.
        </Trans>
      );
    case "no-service":
      return (
        <Trans>
          This browser can’t reach its notification service. Check your network and the browser’s privacy
          settings, then try again. Or choose email or SMS.
        </Trans>
      );
    case "not-ready":
      return <Trans>The app is not ready for messages yet. Load the page again, then try again.</Trans>;
    case "unsupported":
      return <Trans>This browser can’t receive messages. Choose email or SMS.</Trans>;
  }
}
