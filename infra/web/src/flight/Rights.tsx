import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "../api/client";
import type { RightLine } from "../api/types";
import ui from "../ui/ui.module.css";
import styles from "./flight.module.css";
import { KINDS, rightsText, SCHEMES, sum } from "./rightsWords";

/** What may be due to the passengers of a flight as it stands; nothing where nothing is. */
export function Rights({ id }: { id: string }) {
  const { data } = useQuery({
    queryKey: ["rights", id],
    staleTime: 60_000,
    meta: { kept: true },
    queryFn: ({ signal }) => unwrap(api.GET("/v1/flights/{id}/rights", { params: { path: { id } }, signal })),
  });
  if (!data?.rights.length) return null;
  const laws = new Map(data.rights.map((right) => [right.scheme, right]));
  return (
    <section className={ui.card} aria-labelledby="due">
      <h2 id="due">
        <Trans>What may be due to you</Trans>
      </h2>
      <p className={ui.hint}>
        <Trans>It depends on the cause, on when you were told, and on your whole trip.</Trans>
      </p>
      <ul className={styles.rights}>
        {data.rights.map((right) => (
          <Right key={`${right.scheme} ${right.section} ${right.kind}`} right={right} />
        ))}
      </ul>
      <p className={ui.hint}>
        <Trans>The rules:</Trans>{" "}
        {[...laws.values()].map((right, place) => (
          <span key={right.scheme}>
            {place > 0 && " · "}
            <a href={right.url} rel="noreferrer" target="_blank">
              <Scheme scheme={right.scheme} />
            </a>
          </span>
        ))}
      </p>
      <p className={ui.hint}>
        <Said text={data.disclaimer} />
      </p>
    </section>
  );
}

function Right({ right }: { right: RightLine }) {
  const { i18n } = useLingui();
  const kind = KINDS[right.kind];
  const amount = sum(right, i18n);
  return (
    <li className={styles.right}>
      <h3>
        {kind ? i18n._(kind) : <span lang="en">{right.kind}</span>}
        {amount && <span className={styles.sum}>{amount}</span>}
      </h3>
      <p className={ui.hint}>
        <Scheme scheme={right.scheme} />, {right.section}
      </p>
      <p>
        <Said text={right.wording} />
      </p>
      {right.likelihood && (
        <p>
          <Said text={right.likelihood} />
        </p>
      )}
      <details className={styles.conditions}>
        <summary>
          <Trans>Under what conditions</Trans>
        </summary>
        <ul>
          {right.conditions.map((condition) => (
            <li key={condition}>
              <Said text={condition} />
            </li>
          ))}
        </ul>
      </details>
    </li>
  );
}

function Scheme({ scheme }: { scheme: string }) {
  const { i18n } = useLingui();
  const named = SCHEMES[scheme];
  return <>{named ? i18n._(named) : scheme}</>;
}

function Said({ text }: { text: string }) {
  const { i18n } = useLingui();
  const { words, english } = rightsText(text, i18n);
  return <span lang={english ? "en" : undefined}>{words}</span>;
}
