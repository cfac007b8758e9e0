import { useLingui } from "@lingui/react/macro";
import { useState } from "react";
import { ComboBox, Input, Label, ListBox, ListBoxItem, Popover, Text } from "react-aria-components";
import { useAirports } from "../home/airports";
import { Why } from "../ui/states";
import ui from "../ui/ui.module.css";
import styles from "./operate.module.css";

export type Choice = { id: string; title: string; detail?: string; lang?: string };

/** A box to search in, and to pick from what is found: what is picked is for others to show, and the box is empty again. */
export function Picker(props: {
  label: string;
  hint?: string;
  wrong?: string;
  choices: readonly Choice[];
  /** What is said where nothing is found. */
  none: React.ReactNode;
  typed: string;
  onTyped: (typed: string) => void;
  onPick: (id: string) => void;
}) {
  return (
    <ComboBox
      className={ui.field}
      items={props.choices}
      inputValue={props.typed}
      onInputChange={props.onTyped}
      value={null}
      onChange={(key) => {
        props.onTyped(""); // also where nothing is picked: Escape, or somewhere else
        if (typeof key === "string") props.onPick(key);
      }}
      menuTrigger="focus"
      allowsEmptyCollection
      isInvalid={!!props.wrong}
    >
      <Label className={ui.label}>{props.label}</Label>
      <Input className={ui.input} autoComplete="off" />
      {props.hint && (
        <Text slot="description" className={ui.hint}>
          {props.hint}
        </Text>
      )}
      {props.wrong && (
        <Text slot="errorMessage" className={ui.wrong}>
          {props.wrong}
        </Text>
      )}
      <Popover className={ui.popover}>
        <ListBox<Choice>
          className={ui.list}
          renderEmptyState={() => <p className={styles.none}>{props.none}</p>}
        >
          {(choice) => (
            <ListBoxItem className={ui.option} textValue={`${choice.title} ${choice.detail ?? ""}`}>
              <Text slot="label" className={styles.choice}>
                {choice.title}
              </Text>
              {choice.detail && (
                <Text slot="description" className={ui.hint} lang={choice.lang}>
                  {choice.detail}
                </Text>
              )}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </ComboBox>
  );
}

/** An airport by its code, name or city. */
export function AirportPicker(props: {
  label: string;
  hint?: string;
  wrong?: string;
  onPick: (code: string) => void;
}) {
  const { t, i18n } = useLingui();
  const [typed, setTyped] = useState("");
  const found = useAirports(typed);
  const countries = new Intl.DisplayNames(i18n.locale, { type: "region" });
  const choices = (typed.trim() ? (found.data ?? []) : []).map(({ iata, city, name, country }) => ({
    id: iata,
    title: `${iata} · ${city}`,
    detail: `${name}, ${countries.of(country) ?? country}`,
  }));
  return (
    <Picker
      {...props}
      choices={choices}
      typed={typed}
      onTyped={setTyped}
      none={
        !typed.trim() ? (
          t`Type a city, a name or a code.`
        ) : found.isFetching ? (
          t`Searching …`
        ) : found.error ? (
          <Why error={found.error} />
        ) : (
          t`No airport is called that.`
        )
      }
    />
  );
}
