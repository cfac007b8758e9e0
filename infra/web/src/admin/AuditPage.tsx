import { Trans, useLingui } from "@lingui/react/macro";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { api, unwrap } from "../api/client";
import { addDays } from "../operate/localTime";
import { Page } from "../ui/page";
import { Empty, Failed, Loading } from "../ui/states";
import { isoDate } from "../ui/times";
import ui from "../ui/ui.module.css";
import { Sentence } from "./AuditLine";
import styles from "./admin.module.css";
import { More } from "./More";

const route = getRouteApi("/admin/audit");

/** Who did what to whom or what, from where, when: of a day, or all there is about one account, flight or key. */
export function AuditPage() {
  const { t, i18n } = useLingui();
  const { about, by, date } = route.useSearch();
  const navigate = route.useNavigate();
  const trail = useInfiniteQuery({
    queryKey: ["mine", "audit", about, by, date],
    queryFn: async ({ pageParam, signal }) => {
      const query = { about, by, date, limit: 100, cursor: pageParam };
      return await unwrap(api.GET("/v1/audit", { params: { query }, signal }));
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.cursor ?? undefined,
    staleTime: 0,
  });
  const events = trail.data?.pages.flatMap((page) => page.events) ?? [];
  const today = isoDate(Date.now(), "UTC");
  const shown = date ?? (about ? undefined : today);
  const time = (at: string) =>
    i18n.date(at, { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23", timeZone: "UTC" });

  function filter(fields: FormData) {
    const text = (name: string) => String(fields.get(name) ?? "").trim() || undefined;
    void navigate({ search: { about: text("about"), by: text("by"), date: text("date") } });
  }

  return (
    <Page title={t`Audit`}>
      <form
        key={`${about} ${by} ${shown}`}
        className={styles.tools}
        onSubmit={(event) => {
          event.preventDefault();
          filter(new FormData(event.currentTarget));
        }}
      >
        <label className={ui.field}>
          <span className={ui.label}>{t`Day (UTC)`}</span>
          <input className={ui.input} type="date" name="date" defaultValue={shown} max={today} />
        </label>
        <label className={`${ui.field} ${styles.grows}`}>
          <span className={ui.label}>{t`About`}</span>
          <input
            className={ui.input}
            name="about"
            defaultValue={about}
            placeholder="flight:UA1545-20260710-EWR"
            autoComplete="off"
            spellCheck="false"
            aria-describedby="abouts"
          />
        </label>
        <label className={`${ui.field} ${styles.grows}`}>
          <span className={ui.label}>{t`Done by (an account’s id)`}</span>
          <input className={ui.input} name="by" defaultValue={by} autoComplete="off" spellCheck="false" />
        </label>
        <button type="submit" className={`${ui.button} ${ui.main}`}>
          <Trans>Show</Trans>
        </button>
      </form>
      <p id="abouts" className={ui.hint}>
        <Trans>
          About is a flight (<code>flight:</code> and its id), a key (<code>key:</code> and its name), an
          invitation or an account’s id. Leave the day empty to see all of it.
        </Trans>
      </p>
      {shown && (
        <div className={ui.actions}>
          <button
            type="button"
            className={ui.button}
            onClick={() => void navigate({ search: { about, by, date: addDays(shown, -1) } })}
          >
            <Trans>Day before</Trans>
          </button>
          {shown < today && (
            <button
              type="button"
              className={ui.button}
              onClick={() => void navigate({ search: { about, by, date: addDays(shown, 1) } })}
            >
              <Trans>Day after</Trans>
            </button>
          )}
        </div>
      )}
      {trail.isPending && <Loading lines={8} label={t`Loading the trail`} />}
      {trail.error && <Failed error={trail.error} again={() => void trail.refetch()} />}
      {trail.data && !events.length && !trail.hasNextPage && (
        <Empty title={t`Nothing stands in the trail`}>
          <p>
            {shown ? (
              <Trans>Nothing like that happened on this day. Look at another day.</Trans>
            ) : (
              <Trans>Nothing was done with it in the last 400 days, or it is called otherwise.</Trans>
            )}
          </p>
        </Empty>
      )}
      {events.length > 0 && (
        <ol className={styles.trail} aria-label={t`What happened, the last first`}>
          {events.map((event, line) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines have no id; they are added at the end alone
            <li key={`${event.at} ${event.what} ${line}`}>
              <p className={ui.hint}>
                <time dateTime={event.at}>{time(event.at)}</time> · {event.client}
              </p>
              <p>
                <Sentence event={event} />
              </p>
            </li>
          ))}
        </ol>
      )}
      <More of={trail} />
    </Page>
  );
}
