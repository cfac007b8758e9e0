import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { useNow } from "../live/clock";
import { Page } from "../ui/page";
import { Empty, Failed, Loading } from "../ui/states";
import { isoDate } from "../ui/times";
import ui from "../ui/ui.module.css";
import { Days } from "./Days";
import { offersOf } from "./find";
import { OfferCard } from "./OfferCard";
import { daysAfter, HORIZON, partsOf, partyOf, readSearch, type SearchParams, SORTS, seatsOf } from "./query";
import { SearchForm } from "./SearchForm";
import styles from "./search.module.css";
import { CABIN_WORDS, dateWords, SORT_WORDS } from "./words";

const route = getRouteApi("/search");
const EXACT = { exact: true, explicitUndefined: true }; // a link is where one is only if the whole address is its own
const SHOWN = 10; // offers at first, and with each press more

/** Search flights: the form, and what can be booked. The address says all of it. */
export function SearchPage() {
  const { t } = useLingui();
  const search = readSearch(route.useSearch());
  const navigate = route.useNavigate();
  const parts = partsOf(search);
  const address = JSON.stringify({ ...search, sort: undefined, direct: undefined });
  const [changing, setChanging] = useState(false);
  const heading = useRef<HTMLHeadingElement>(null);
  const sought = useRef(false);
  const first = isoDate(useNow(60), "America/New_York"); // where the flights that are sold are at home
  const last = daysAfter(first, HORIZON);

  // What was found is read from its beginning, once the form has given way to it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: another address is another search
  useEffect(() => {
    setChanging(false);
    if (sought.current) heading.current?.focus();
    sought.current = false;
  }, [address]);

  const form = (
    <SearchForm
      key={address}
      search={search}
      first={first}
      last={last}
      onSearch={(next) => {
        sought.current = true;
        setChanging(false);
        void navigate({ search: next });
      }}
    />
  );

  if (!parts.length)
    return (
      <Page title={t`Book a flight`}>
        <div className={ui.card}>{form}</div>
      </Page>
    );
  return (
    <Page title={t`Flights`}>
      <section className={ui.card} aria-label={t`Your search`}>
        <div className={styles.asked}>
          <Asked search={search} />
          {!changing && (
            <button type="button" className={ui.button} onClick={() => setChanging(true)}>
              <Trans>Change</Trans>
            </button>
          )}
        </div>
        {changing && form}
      </section>
      {parts.length < 3 &&
        parts.map((part, at) => (
          <Days
            key={`${part.from} ${part.to}`}
            part={part}
            at={at}
            search={search}
            first={first}
            last={last}
          />
        ))}
      <Offers search={search} heading={heading} />
    </Page>
  );
}

/** What was asked for, in a line or two. */
function Asked({ search }: { search: SearchParams }) {
  const { t, i18n } = useLingui();
  const { adults, children, infants } = partyOf(search);
  const who = [
    adults === 1 ? t`1 adult` : t`${adults} adults`,
    children === 1 ? t`1 child` : children > 1 && t`${children} children`,
    infants === 1 ? t`1 infant` : infants > 1 && t`${infants} infants`,
  ].filter(Boolean);
  return (
    <div>
      <ul className={styles.parts}>
        {partsOf(search).map((part) => (
          <li key={`${part.from}${part.to}${part.date}`}>
            <strong>
              {part.from} <span aria-hidden="true">→</span>
              <span className="hidden-but-read">{t`to`}</span> {part.to}
            </strong>{" "}
            {dateWords(part.date, i18n)}
          </li>
        ))}
      </ul>
      <p className={ui.hint}>
        {who.join(", ")} · {i18n._(CABIN_WORDS[search.cabin ?? "economy"])}
      </p>
    </div>
  );
}

function Offers(props: { search: SearchParams; heading: { current: HTMLHeadingElement | null } }) {
  const { t, i18n } = useLingui();
  const { search, heading } = props;
  const offers = useQuery({
    ...offersOf(search),
    placeholderData: (before, query) => (sameTrip(search, query?.queryKey) ? before : undefined),
  });
  const [shown, setShown] = useState(SHOWN);
  const sort = search.sort ?? "best";
  const found = offers.data?.found ?? 0;
  const listed = offers.data?.offers.slice(0, shown) ?? [];

  return (
    <section aria-labelledby="offers" className={styles.results} aria-busy={offers.isFetching}>
      <div className={styles.heads}>
        <h2 id="offers" tabIndex={-1} ref={heading}>
          {!offers.data ? t`Flights` : found === 1 ? t`1 offer` : t`${found} offers`}
        </h2>
        <nav aria-label={t`Order`} className={styles.sorts}>
          {SORTS.map((each) => (
            <Link
              key={each}
              from="/search"
              to="/search"
              search={{ ...search, sort: each === "best" ? undefined : each }}
              replace
              resetScroll={false}
              activeOptions={EXACT}
              className={ui.button}
              aria-current={each === sort ? "true" : undefined}
            >
              {i18n._(SORT_WORDS[each])}
            </Link>
          ))}
          <Link
            from="/search"
            to="/search"
            search={{ ...search, direct: search.direct ? undefined : true }}
            replace
            resetScroll={false}
            activeOptions={EXACT}
            className={ui.button}
            aria-current={search.direct ? "true" : undefined}
          >
            <Trans>Direct only</Trans>
          </Link>
        </nav>
      </div>
      {offers.isPending && <Loading lines={8} label={t`Looking for flights`} />}
      {offers.error && !offers.data && <Failed error={offers.error} again={() => void offers.refetch()} />}
      {offers.data && found === 0 && <Nothing search={search} />}
      {listed.length > 0 && (
        <>
          <p className={ui.hint}>
            {sort === "best" ? (
              <Trans>
                Best weighs price, time, changes of flights, and how punctual the flights have been. Prices
                are for all passengers, with all taxes and fees.
              </Trans>
            ) : (
              <Trans>Prices are for all passengers, with all taxes and fees.</Trans>
            )}
          </p>
          <ol className={styles.offers} data-old={offers.isPlaceholderData || undefined}>
            {listed.map((offer) => {
              const flights = offer.journeys.flatMap(({ segments }) => segments.map(({ flight }) => flight));
              return (
                <li key={flights.join(" ")}>
                  <OfferCard offer={offer} search={search} />
                </li>
              );
            })}
          </ol>
        </>
      )}
      {offers.data && shown < offers.data.offers.length && (
        <p>
          <button type="button" className={ui.button} onClick={() => setShown(shown + SHOWN)}>
            <Trans>Show more offers</Trans>
          </button>
        </p>
      )}
    </section>
  );
}

/** No offers: what to try instead. */
function Nothing({ search }: { search: SearchParams }) {
  const { t } = useLingui();
  const seats = seatsOf(partyOf(search));
  return (
    <Empty title={t`No flight has seats for this`}>
      <p>
        {seats > 1 ? (
          <Trans>No flight on that day has {seats} seats left, or none is flown. You can try:</Trans>
        ) : (
          <Trans>Every flight on that day is full, or none is flown. You can try:</Trans>
        )}
      </p>
      <ul>
        <li>
          <Trans>another day, above</Trans>
        </li>
        {search.direct && (
          <li>
            <Link from="/search" to="/search" search={{ ...search, direct: undefined }}>
              <Trans>flights with a change, too</Trans>
            </Link>
          </li>
        )}
        {search.cabin && (
          <li>
            <Link from="/search" to="/search" search={{ ...search, cabin: undefined }}>
              <Trans>economy</Trans>
            </Link>
          </li>
        )}
        {seats > 1 && (
          <li>
            <Link
              from="/search"
              to="/search"
              search={{ ...search, passengers: undefined, children: undefined, infants: undefined }}
            >
              <Trans>one passenger, to see what is left</Trans>
            </Link>
          </li>
        )}
      </ul>
    </Empty>
  );
}

/** Whether an answer is of the same trip in another order: it stays until the next one is there. */
function sameTrip(search: SearchParams, key: readonly unknown[] | undefined): boolean {
  const asked = offersOf(search).queryKey[1];
  const before = key?.[1];
  if (typeof asked !== "object" || typeof before !== "object") return false;
  return JSON.stringify({ ...asked, sort: undefined }) === JSON.stringify({ ...before, sort: undefined });
}
