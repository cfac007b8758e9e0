import { Trans } from "@lingui/react/macro";
import type { ReactNode } from "react";
import { Page } from "../ui/page";
import ui from "../ui/ui.module.css";

/** A letter is on its way: the same is said whether or not the address has an account, which nobody learns here. */
export function LetterSent(props: { title: string; email: string; anew: () => void; children: ReactNode }) {
  return (
    <Page
      narrow
      title={props.title}
      heading={
        <h1 tabIndex={-1} ref={(heading) => heading?.focus()}>
          {props.title}
        </h1>
      }
    >
      <div className={ui.card}>
        {props.children}
        <p className={ui.hint}>
          <Trans>
            Is there no letter after a few minutes? Look among the unwanted mail, and see that {props.email}{" "}
            is spelled right.
          </Trans>
        </p>
        <div className={ui.actions}>
          <button type="button" className={ui.button} onClick={props.anew}>
            <Trans>Ask for another letter</Trans>
          </button>
        </div>
      </div>
    </Page>
  );
}
