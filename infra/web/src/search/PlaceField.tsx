import { useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useEffect, useState } from "react";
import { ComboBox, Input, Label, ListBox, ListBoxItem, Popover } from "react-aria-components";
import { api, unwrap } from "../api/client";
import { Wrong } from "../ui/forms";
import ui from "../ui/ui.module.css";
import styles from "./search.module.css";

type Place = { code: string; name: string; about: string };

const HOUR = 3_600_000;

/** An airport, or a city with several, found as one types. `value`: its code; "" while there is none. */
export function PlaceField(props: {
  label: string;
  name: string;
  value: string;
  onChange: (code: string) => void;
}) {
  const { t, i18n } = useLingui();
  const [text, setText] = useState(props.value);
  const [typing, setTyping] = useState(false); // else the text is that of the value
  const sought = useDeferredValue(text.trim());
  const country = new Intl.DisplayNames(i18n.locale, { type: "region" });
  const found = usePlaces(sought, country);
  const named = usePlaces(props.value, country).data?.find(({ code }) => code === props.value);
  const name = named ? textOf(named) : props.value;
  const places = typing ? (found.data ?? []) : named ? [named] : [];
  const { value } = props;

  // biome-ignore lint/correctness/useExhaustiveDependencies: another value shows, as when two fields are swapped
  useEffect(() => setTyping(false), [value]);

  function choose(code: string) {
    props.onChange(code);
    setTyping(false);
  }

  /** Who goes on without choosing means the code that was typed, else the first that was found. */
  function leave() {
    if (!typing) return;
    const typed = text.trim().toUpperCase();
    const stale = found.isPlaceholderData || text.trim() !== sought; // the list is that of what was typed before
    const meant = places.find(({ code }) => code === typed) ?? (stale ? undefined : places[0]);
    choose(text.trim() ? (meant?.code ?? (/^[A-Z0-9]{3,4}$/.test(typed) ? typed : "")) : "");
  }

  return (
    <ComboBox
      name={props.name}
      isRequired
      allowsCustomValue
      allowsEmptyCollection // it opens before its answer is there
      menuTrigger="input"
      items={places}
      inputValue={typing ? text : name}
      onInputChange={(next) => {
        if (!typing && next === name) return;
        setTyping(true);
        setText(next);
      }}
      selectedKey={typing ? null : (named?.code ?? null)}
      onSelectionChange={(key) => key !== null && choose(String(key))}
      onBlur={leave}
      className={ui.field}
    >
      <Label className={ui.label}>{props.label}</Label>
      <Input
        className={ui.input}
        placeholder={t`City or airport`}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck="false"
        onFocus={({ currentTarget }) => currentTarget.select()}
      />
      <Wrong />
      <Popover className={ui.popover}>
        <ListBox
          className={ui.list}
          renderEmptyState={() => (
            <p className={ui.hint}>
              {found.isFetching || text.trim() !== sought ? t`Looking …` : t`No airport is called that.`}
            </p>
          )}
        >
          {(place: Place) => (
            <ListBoxItem id={place.code} textValue={textOf(place)} className={`${ui.option} ${styles.place}`}>
              <strong className={styles.code}>{place.code}</strong>
              <span>
                {place.name} <small lang="en">{place.about}</small>
              </span>
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </ComboBox>
  );
}

/** A place as it stands in the field. */
function textOf({ name, code }: Place): string {
  return `${name} (${code})`;
}

/** The cities with several airports and the airports that a person most likely means. */
function usePlaces(text: string, country: Intl.DisplayNames) {
  return useQuery({
    queryKey: ["places", text.toLowerCase()],
    queryFn: ({ signal }) =>
      unwrap(api.GET("/v1/airports", { params: { query: { q: text, limit: 8 } }, signal })),
    enabled: text.length > 0,
    staleTime: HOUR,
    placeholderData: (before) => before, // the list stays while the next letter is answered
    select: ({ airports, cities }): Place[] => [
      ...cities.map((city) => ({ code: city.code, name: city.name, about: city.airports.join(", ") })),
      ...airports.flatMap(({ iata, city, name, country: code }) =>
        iata ? [{ code: iata, name: city, about: `${name}, ${country.of(code)}` }] : [],
      ),
    ],
  });
}
