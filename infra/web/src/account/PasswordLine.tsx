import { Trans, useLingui } from "@lingui/react/macro";
import { useEffect, useRef, useState } from "react";
import { Input, Label, Text, TextField, ToggleButton } from "react-aria-components";
import { Wrong } from "../ui/forms";
import ui from "../ui/ui.module.css";
import styles from "./account.module.css";

const SHORTEST = 12; // characters of a new password (chalicelib/accounts/passwords.py)

/** A password that one may look at while typing it. A `fresh` one is to be set: its rules stand before it. */
export function PasswordLine(props: { label: string; name: string; fresh?: boolean; focused?: boolean }) {
  const { t } = useLingui();
  const [shown, setShown] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const { focused } = props;
  useEffect(() => {
    if (focused) input.current?.focus(); // autoFocus would not scroll to it
  }, [focused]);
  return (
    <TextField
      name={props.name}
      isRequired
      minLength={props.fresh ? SHORTEST : undefined}
      className={ui.field}
    >
      <Label className={ui.label}>{props.label}</Label>
      {props.fresh && (
        <Text slot="description" className={ui.hint}>
          <Trans>
            12 to 200 characters. Several words that do not belong together make a good one. It must not be
            common, easy to guess or like your email address.
          </Trans>
        </Text>
      )}
      <div className={styles.password}>
        <Input
          ref={input}
          type={shown ? "text" : "password"}
          autoComplete={props.fresh ? "new-password" : "current-password"}
          autoCapitalize="none"
          spellCheck={false}
          className={ui.input}
        />
        <ToggleButton
          isSelected={shown}
          onChange={setShown}
          aria-label={t`Show the password`}
          className={`${ui.button} ${styles.show}`}
        >
          <Trans context="a password that is typed">Show</Trans>
        </ToggleButton>
      </div>
      <Wrong short={t`This is too short. A password has at least ${SHORTEST} characters.`} />
    </TextField>
  );
}
