import { Trans, useLingui } from "@lingui/react/macro";
import { useHistory } from "../live/flights";
import type { Flight } from "../live/merge";
import { Failed, Loading } from "../ui/states";
import ui from "../ui/ui.module.css";
import styles from "./flight.module.css";
import { moment } from "./spans";
import { sourceWords, timeline } from "./timeline";

/** What changed and when, newest first, and who reported it. */
export function Timeline({ flight }: { flight: Flight }) {
  const { t, i18n } = useLingui();
  const { data, error, refetch } = useHistory(flight.id);
  const entries = data && timeline(flight, data.changes, i18n);
  const { zone, scheduled_out } = flight.departure;
  const city = flight.departure.city ?? flight.departure.airport;
  return (
    <section className={ui.card} aria-labelledby="changes">
      <h2 id="changes">
        <Trans>What changed and when</Trans>
      </h2>
      {!entries &&
        (error ? <Failed error={error} again={refetch} /> : <Loading label={t`Loading the changes`} />)}
      {entries?.length === 0 && (
        <p>
          <Trans>Nothing has changed since it was scheduled.</Trans>
        </p>
      )}
      {entries && entries.length > 0 && (
        <>
          <p className={ui.hint}>
            <Trans>Times beside it are those of {city}, newest first.</Trans>
          </p>
          <ol className={styles.timeline}>
            {entries.map((entry) => {
              const source = sourceWords(entry.source, i18n);
              return (
                <li key={`${entry.version} ${entry.source} ${entry.at}`}>
                  <div className={styles.entry}>
                    <time dateTime={entry.at}>{moment(entry.at, zone, i18n, scheduled_out)}</time>
                    <div>
                      {entry.lines.map((line) => (
                        <p key={line}>{line}</p>
                      ))}
                      <p className={ui.hint}>
                        <Trans>Reported by {source}</Trans>
                      </p>
                    </div>
                  </div>
                </li>
              );
            })}
          </ol>
        </>
      )}
    </section>
  );
}
