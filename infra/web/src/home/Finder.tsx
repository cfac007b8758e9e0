import { Trans, useLingui } from "@lingui/react/macro";
import { useRouter } from "@tanstack/react-router";
import { useDeferredValue, useState } from "react";
import {
  Autocomplete,
  Button,
  Collection,
  Header,
  Input,
  Label,
  ListBox,
  ListBoxItem,
  ListBoxSection,
  SearchField,
} from "react-aria-components";
import { flightNow } from "../live/clock";
import { Why } from "../ui/states";
import { day } from "../ui/times";
import ui from "../ui/ui.module.css";
import { useAirports } from "./airports";
import { datesAround, flightNumber, lacksAirline } from "./finding";
import styles from "./home.module.css";

/** Find an airport or a flight as one types. Enter goes to what is marked, the first of what was found. */
export function Finder(props: { label: string; autoFocus?: boolean; onGo?: () => void }) {
  const { t, i18n } = useLingui();
  const router = useRouter();
  const [text, setText] = useState("");
  const sought = useDeferredValue(text.trim());
  const number = flightNumber(sought);
  const airports = useAirports(number ? "" : sought);
  const found = sought && !number ? (airports.data ?? []) : [];
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const { yesterday, today, tomorrow } = datesAround(flightNow());
  const days = [
    { date: today, says: t`today` },
    { date: tomorrow, says: t`tomorrow` },
    { date: yesterday, says: t`yesterday` },
  ];
  const country = new Intl.DisplayNames(i18n.locale, { type: "region" });

  function go(key: string) {
    props.onGo?.();
    const [kind, what = ""] = key.split(" ");
    if (kind === "airport") {
      void router.navigate({
        to: "/airports/$iata/$direction",
        params: { iata: what, direction: "departures" },
      });
    } else if (number) void router.navigate({ to: "/flights", search: { number, date: what } });
  }

  function goToFirst() {
    if (number) go(`day ${today}`);
    else if (found[0]) go(`airport ${found[0].iata}`);
  }

  return (
    <div className={styles.finder}>
      <Autocomplete inputValue={text} onInputChange={setText}>
        <SearchField className={styles.search} autoFocus={props.autoFocus} onSubmit={goToFirst}>
          <Label className={ui.label}>{props.label}</Label>
          <div className={styles.typed}>
            <svg viewBox="0 0 24 24" aria-hidden="true">
              <circle cx="11" cy="11" r="6" />
              <path d="m15.5 15.5 4.5 4.5" />
            </svg>
            <Input
              className={styles.input}
              placeholder={t`Newark or UA1591`}
              autoComplete="off"
              autoCapitalize="none"
              spellCheck="false"
              enterKeyHint="go"
            />
            <Button className={styles.clear} aria-label={t`Clear`}>
              ×
            </Button>
          </div>
        </SearchField>
        {(number || found.length > 0) && (
          <ListBox
            aria-label={t`What was found`}
            className={styles.found}
            onAction={(key) => go(String(key))}
            dependencies={[i18n.locale, number]}
          >
            {number ? (
              <ListBoxSection>
                <Header className={styles.kind}>
                  <Trans>Flight {number}, by the day it leaves</Trans>
                </Header>
                <Collection items={days}>
                  {({ date, says }) => (
                    <ListBoxItem id={`day ${date}`} className={styles.option} textValue={`${number} ${says}`}>
                      <span className={styles.code}>{number}</span>
                      <span className={styles.what}>
                        <strong>{says}</strong> <span>{day(`${date}T12:00:00`, zone, i18n.locale)}</span>
                      </span>
                      <Enter />
                    </ListBoxItem>
                  )}
                </Collection>
              </ListBoxSection>
            ) : (
              <Collection items={found}>
                {(airport) => (
                  <ListBoxItem
                    id={`airport ${airport.iata}`}
                    className={styles.option}
                    textValue={`${airport.city}, ${airport.name}, ${airport.iata}`}
                  >
                    <span className={styles.code}>{airport.iata}</span>
                    <span className={styles.what}>
                      <strong>{airport.city}</strong> <span>{country.of(airport.country)}</span>
                      <small lang="en">{airport.name}</small>
                    </span>
                    <Enter />
                  </ListBoxItem>
                )}
              </Collection>
            )}
          </ListBox>
        )}
      </Autocomplete>
      <p role="status" className={ui.hint}>
        {!sought || number || found.length ? undefined : airports.error ? (
          <Why error={airports.error} />
        ) : airports.isPending ? (
          <Trans>Looking …</Trans>
        ) : lacksAirline(sought) ? (
          <Trans>A flight’s number begins with its airline’s code: UA{sought}, for one of United’s.</Trans>
        ) : (
          t`Nothing is called “${sought}”. Try a city, an airport’s code such as EWR, or a flight’s number.`
        )}
      </p>
    </div>
  );
}

/** That the key Enter goes there, at the option that is marked. */
function Enter() {
  return (
    <span className={styles.enter} aria-hidden="true">
      ↵
    </span>
  );
}
