import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { DayLine } from "../api/types";
import { money } from "../book/money";
import { Failed, Loading } from "../ui/states";
import ui from "../ui/ui.module.css";
import { daysOf } from "./find";
import { datesAround, daysAfter, type Part, type SearchParams, withDate } from "./query";
import styles from "./search.module.css";
import { dateWords, weekdayWords } from "./words";

type Props = { part: Part; at: number; search: SearchParams; first: string; last: string };

/** What other days cost, for whoever can choose: the days around, or a whole month. */
export function Days(props: Props) {
  const { t } = useLingui();
  const { part } = props;
  const [whole, setWhole] = useState(false);
  const { from, to } = part;
  const route = `${from} → ${to}`;
  return (
    <section className={styles.days} aria-label={t`Other days, ${route}`}>
      <div className={styles.heads}>
        <h2 className={styles.minor}>
          <Trans>
            Other days, {from}–{to}
          </Trans>
        </h2>
        <button
          type="button"
          className={`${ui.button} ${ui.plain}`}
          aria-expanded={whole}
          onClick={() => setWhole(!whole)}
        >
          {whole ? t`Fewer days` : t`Whole month`}
        </button>
      </div>
      {whole ? <Month {...props} /> : <Strip {...props} />}
      <p className={ui.hint}>
        <Trans>The lowest price of each day, this way only, for all passengers.</Trans>
      </p>
    </section>
  );
}

function Strip({ part, at, search, first, last }: Props) {
  const dates = datesAround(part.date, first, last);
  const one = dates[0]?.slice(0, 7) ?? part.date.slice(0, 7);
  const other = dates.at(-1)?.slice(0, 7) ?? one;
  const begin = useQuery(daysOf(part, one, search));
  const end = useQuery({ ...daysOf(part, other, search), enabled: other !== one });
  const known = [...(begin.data ?? []), ...(end.data ?? [])];
  const lowest = cheapest(known.filter(({ date }) => dates.includes(date)));
  if (begin.error) return <Failed error={begin.error} again={() => void begin.refetch()} />;
  return (
    <ul className={styles.strip} ref={toMiddle}>
      {dates.map((date) => (
        <li key={date}>
          <Day
            date={date}
            line={known.find((each) => each.date === date)}
            pending={begin.isPending || (other !== one && end.isPending)}
            lowest={lowest}
            part={part}
            at={at}
            search={search}
          />
        </li>
      ))}
    </ul>
  );
}

/** On a phone the days scroll sideways: the chosen one, in their middle, is seen first. */
function toMiddle(list: HTMLUListElement | null) {
  if (list) list.scrollLeft = (list.scrollWidth - list.clientWidth) / 2;
}

function Month({ part, at, search, first, last }: Props) {
  const { t, i18n } = useLingui();
  const [month, setMonth] = useState(part.date.slice(0, 7));
  const days = useQuery(daysOf(part, month, search));
  const begin = `${month}-01`;
  const before = daysAfter(begin, -1).slice(0, 7);
  const after = daysAfter(begin, 31).slice(0, 7);
  const name = new Intl.DateTimeFormat(i18n.locale, {
    month: "long",
    year: "numeric",
    timeZone: "UTC",
  }).format(Date.parse(`${begin}T12:00:00Z`));
  const weekday = (new Date(`${begin}T12:00:00Z`).getUTCDay() + 6) % 7; // Monday is 0
  const lowest = cheapest(days.data ?? []);
  return (
    <div className={ui.card}>
      <div className={styles.heads}>
        <button
          type="button"
          className={ui.button}
          disabled={before < first.slice(0, 7)}
          onClick={() => setMonth(before)}
          aria-label={t`The month before`}
        >
          ‹
        </button>
        <h3 aria-live="polite">{name}</h3>
        <button
          type="button"
          className={ui.button}
          disabled={after > last.slice(0, 7)}
          onClick={() => setMonth(after)}
          aria-label={t`The month after`}
        >
          ›
        </button>
      </div>
      {days.isPending && <Loading lines={6} label={t`Looking for prices`} />}
      {days.error && <Failed error={days.error} again={() => void days.refetch()} />}
      {days.data && (
        <ol className={styles.month}>
          {days.data.map((line, place) => (
            <li
              key={line.date}
              style={
                place ? undefined : { gridColumnStart: ((weekday + Number(line.date.slice(8)) - 1) % 7) + 1 }
              }
            >
              <Day
                date={line.date}
                line={line}
                pending={false}
                lowest={lowest}
                part={part}
                at={at}
                search={search}
              />
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}

function Day(props: {
  date: string;
  line: DayLine | undefined;
  pending: boolean;
  lowest: number | undefined;
  part: Part;
  at: number;
  search: SearchParams;
}) {
  const { t, i18n } = useLingui();
  const { date, line, part } = props;
  const low = line?.price?.amount !== undefined && line.price.amount === props.lowest;
  const what = (
    <>
      <span className={styles.date}>
        <span>{weekdayWords(date, i18n)}</span> {dateWords(date, i18n, false)}
      </span>
      <span className={styles.cost} data-low={low || undefined}>
        {line?.price ? whole(line.price.amount, line.price.currency, i18n.locale) : props.pending ? "…" : "–"}
        {low && <span className="hidden-but-read">{t`the lowest`}</span>}
        {!line?.price && !props.pending && <span className="hidden-but-read">{t`nothing left`}</span>}
      </span>
    </>
  );
  if (!line?.price && date !== part.date) return <span className={styles.day}>{what}</span>;
  return (
    <Link
      from="/search"
      to="/search"
      search={withDate(props.search, props.at, date)}
      resetScroll={false}
      activeOptions={{ exact: true, explicitUndefined: true }}
      className={styles.day}
      aria-current={date === part.date ? "date" : undefined}
    >
      {what}
    </Link>
  );
}

function cheapest(days: readonly DayLine[]): number | undefined {
  const prices = days.flatMap(({ price }) => (price ? [price.amount] : []));
  const lowest = Math.min(...prices);
  return prices.some((each) => each > lowest) ? lowest : undefined; // where all cost the same, none stands out
}

/** A price without its cents, rounded up: it has to fit beside six others. */
function whole(amount: number, currency: string | undefined, language: string): string {
  return money({ amount: Math.ceil(amount / 100) * 100, currency: currency ?? "USD" }, language).replace(
    /[.,]00(?=\D*$)/,
    "",
  );
}
