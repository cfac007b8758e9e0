import { useLingui } from "@lingui/react/macro";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { ComboBox, Input, Label, ListBox, ListBoxItem, Popover, Text } from "react-aria-components";
import { api, unwrap } from "../api/client";
import type { AirportLine } from "../api/types";
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
        if (typeof key !== "string") return;
        props.onTyped("");
        props.onPick(key);
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
  const asked = useSettled(typed.trim(), 150);
  const found = useQuery({
    queryKey: ["airports", asked],
    queryFn: async ({ signal }) =>
      (await unwrap(api.GET("/v1/airports", { params: { query: { q: asked, limit: 8 } }, signal }))).airports,
    enabled: asked !== "",
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const countries = new Intl.DisplayNames(i18n.locale, { type: "region" });
  const choices = (typed.trim() ? (found.data ?? []) : []).map((airport) => ({
    id: codeOf(airport),
    title: `${codeOf(airport)} · ${airport.city}`,
    detail: `${airport.name}, ${countries.of(airport.country) ?? airport.country}`,
  }));
  const searching = typed.trim() !== asked || found.isFetching;
  return (
    <Picker
      {...props}
      choices={choices}
      typed={typed}
      onTyped={setTyped}
      none={
        !typed.trim() ? (
          t`Type a city, a name or a code.`
        ) : searching ? (
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

/** The code that the API names an airport by. */
export function codeOf(airport: AirportLine): string {
  return airport.iata ?? airport.icao;
}

/** A value once it has not changed for some milliseconds. */
function useSettled<T>(value: T, milliseconds: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value, milliseconds]);
  return settled;
}
