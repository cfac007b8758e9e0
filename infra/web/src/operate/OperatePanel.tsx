import { Plural, Trans, useLingui } from "@lingui/react/macro";
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { api, unwrap } from "../api/client";
import { ApiProblem } from "../api/problems";
import { useSession } from "../api/session";
import type { AccountLine, OperatorUpdate } from "../api/types";
import { useNow } from "../live/clock";
import { live, useConnection, useLive } from "../live/connection";
import * as merge from "../live/merge";
import { Asking } from "../ui/dialog";
import { Notice, Why } from "../ui/states";
import ui from "../ui/ui.module.css";
import { DelayCodes } from "./DelayCodes";
import { type Draft, known, type Place, type TimeField, toSend, type Wrong, without } from "./draft";
import { Diversion, NoteLines, PlaceLine } from "./lines";
import { type Field, mandate } from "./mandate";
import { OutLog } from "./OutLog";
import styles from "./operate.module.css";
import { heard, type Outgoing, saved, sent } from "./outgoing";
import { TimeLine } from "./TimeLine";

/** Where somebody who runs the flight says what is so, and sees it go out; nothing for who does not. */
export function OperatePanel({ flight }: { flight: merge.Flight }) {
  const session = useSession();
  if (session.state !== "signed-in") return null;
  const may = mandate(session.account, flight);
  return may.size ? <Operate key={flight.id} flight={flight} account={session.account} may={may} /> : null;
}

// What was typed stays until it is sent or discarded: over a look at another page, and over a new login.
const drafts = new Map<string, Draft>();

function Operate(props: { flight: merge.Flight; account: AccountLine; may: ReadonlySet<Field> }) {
  const { flight, account, may } = props;
  const { t, i18n } = useLingui();
  const client = useQueryClient();
  const connection = useConnection();
  const now = useNow(30);
  const name = `${account.id} ${flight.id}`;
  const [draft, setDraft] = useState<Draft>(() => drafts.get(name) ?? {});
  const [outs, setOuts] = useState<readonly Outgoing[]>([]);
  const [sending, setSending] = useState(false);
  const [error, setError] = useState<unknown>();
  const [tried, setTried] = useState(false); // what is wrong with what is being typed is said once it was to be sent
  const [asking, setAsking] = useState<"cancel" | "reinstate">();
  const count = useRef(0);

  useEffect(() => {
    drafts.set(name, draft);
  }, [name, draft]);
  useLive([`flight:${flight.id}`]);
  useEffect(
    () =>
      live.onTold((told) => {
        const at = performance.now();
        const rows =
          told.type === "change" ? [told.flight] : told.type === "state" ? (told.flights ?? []) : [];
        const row = rows.find((each) => each.id === flight.id);
        if (row) setOuts((before) => before.map((out) => heard(out, row.version, at)));
      }),
    [flight.id],
  );

  const cancelled = flight.phase === "cancelled";
  // A cancelled flight takes no gates and no times: what was typed of them waits until it flies after all.
  const beside: Draft = { note: draft.note, delay_codes: draft.delay_codes };
  const { update, wrong } = toSend(cancelled ? beside : draft, flight);
  const changes = Object.keys(update).length;
  const faults = error instanceof ApiProblem ? error.errors : [];
  const left = !!(flight.departure.actual_out ?? flight.runway.actual_off);
  const arrived = !!flight.arrival.actual_in || flight.phase === "arrived";

  function touch(part: Draft) {
    setDraft((before) => ({ ...before, ...part }));
    const fields = Object.keys(part);
    // What the API said of a field held for what stood in it.
    if (faults.some((fault) => fields.includes(fieldOf(fault.name)))) setError(undefined);
  }

  async function send(body: OperatorUpdate, from: Draft) {
    if (sending) return;
    const id = ++count.current;
    setSending(true);
    setError(undefined);
    setTried(false);
    setOuts((before) => [sent(id, performance.now()), ...before].slice(0, 5));
    try {
      const asked = { params: { path: { id: flight.id } }, body };
      const answer = await unwrap(api.POST("/v1/flights/{id}/updates", asked));
      setDraft((before) => without(before, from));
      client.setQueryData<merge.Flight>(["flight", flight.id], (before) =>
        merge.detailed(before, answer.flight),
      );
      const took = (out: Outgoing) => (out.id === id ? saved(out, answer.flight, answer.changes) : out);
      setOuts((before) => before.map(took));
    } catch (reason) {
      setOuts((before) => before.filter((out) => out.id !== id));
      setError(reason);
    } finally {
      setSending(false);
    }
  }

  const said = known(flight);
  const refused = (field: Field) => faults.find((fault) => fieldOf(fault.name) === field)?.detail;
  const wrongTime = (field: TimeField) => refused(field) ?? (tried ? words(wrong[field]) : undefined);
  const words = (why: Wrong | undefined) => {
    if (why === "no-time") return t`This is no time of day, such as 14:05.`;
    if (why === "skipped") return t`The clocks go forward over this time that night. Choose one after it.`;
    if (why === "no-minutes") return t`Minutes are a number from 1 to 4320, or left empty.`;
    return undefined;
  };
  const place = (field: Place, label: string, end: string) =>
    may.has(field) && (
      <PlaceLine
        label={label}
        clear={t`Clear ${label} ${end}`}
        was={said[field]}
        text={draft[field]}
        onChange={(text) => touch({ [field]: text })}
        wrong={refused(field)}
      />
    );
  const time = (field: TimeField, label: string) =>
    may.has(field) && (
      <TimeLine
        field={field}
        label={label}
        flight={flight}
        typed={draft[field]}
        onChange={(typed) => touch({ [field]: typed })}
        wrong={wrongTime(field)}
      />
    );
  const { airport: from } = flight.departure;
  const to = flight.diverted_to || flight.arrival.airport || "";
  const actsFor = new Intl.ListFormat(i18n.locale, { type: "unit" }).format([
    ...account.airlines,
    ...account.airports,
  ]);
  const atOrigin = may.has("departure_gate");
  const atDestination = may.has("arrival_gate");

  return (
    <section className={`${ui.card} ${styles.panel}`} aria-labelledby="operate">
      <div className={styles.head}>
        <h2 id="operate">
          <Trans>Operate this flight</Trans>
        </h2>
        <span className={ui.badge}>
          {account.role === "admin" ? <Trans>as an admin</Trans> : <Trans>for {actsFor}</Trans>}
        </span>
      </div>
      <form
        className={ui.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (Object.keys(wrong).length) setTried(true);
          else if (changes) void send(update, cancelled ? beside : draft);
        }}
      >
        {cancelled ? (
          <Notice tone="bad">
            <Trans>The flight is cancelled. Reinstate it to set gates and times.</Trans>
          </Notice>
        ) : (
          <div className={styles.ends}>
            {atOrigin && (
              <fieldset className={styles.end}>
                <legend>
                  <Trans>Departure {from}</Trans>
                </legend>
                <div className={styles.places}>
                  {place("departure_gate", t`Gate`, from)}
                  {place("departure_terminal", t`Terminal`, from)}
                </div>
                {left ? (
                  <p className={ui.hint}>
                    <Trans>It has left: when it arrives can still be said.</Trans>
                  </p>
                ) : (
                  time("estimated_out", t`Off-block`)
                )}
              </fieldset>
            )}
            {atDestination && (
              <fieldset className={styles.end}>
                <legend>
                  <Trans>Arrival {to}</Trans>
                </legend>
                <div className={styles.places}>
                  {place("arrival_gate", t`Gate`, to)}
                  {place("arrival_terminal", t`Terminal`, to)}
                  {place("belt", t`Belt`, to)}
                </div>
                {arrived ? (
                  <p className={ui.hint}>
                    <Trans>It has arrived: times can’t be changed any more.</Trans>
                  </p>
                ) : (
                  time("estimated_in", t`On-block`)
                )}
              </fieldset>
            )}
          </div>
        )}
        <div className={styles.ends}>
          {" "}
          {may.has("delay_codes") && (
            <fieldset className={styles.end}>
              <legend>
                <Trans>Reasons for the delay</Trans>
              </legend>
              <DelayCodes
                reasons={draft.delay_codes ?? said.delay_codes}
                onChange={(delay_codes) => touch({ delay_codes })}
                wrong={refused("delay_codes") ?? (tried ? words(wrong.delay_codes) : undefined)}
              />
            </fieldset>
          )}
          {may.has("note") && (
            <NoteLines
              text={draft.note ?? said.note}
              onChange={(note) => touch({ note })}
              wrong={refused("note")}
            />
          )}
          {may.has("diverted_to") && !cancelled && !arrived && (
            <Diversion
              known={said.diverted_to}
              wanted={draft.diverted_to}
              onChange={(diverted_to) => touch({ diverted_to })}
              wrong={refused("diverted_to")}
            />
          )}
        </div>
        {error !== undefined && <Refusal error={error} named={faults.length > 0} flight={flight.id} />}
        {connection.state === "offline" && (
          <Notice tone="late" says>
            <Trans>You are offline. What you typed stays here; send it when you are back.</Trans>
          </Notice>
        )}
        <div className={styles.send}>
          <button
            type="submit"
            className={`${ui.button} ${ui.main}`}
            aria-disabled={sending || (!changes && !Object.keys(wrong).length)}
          >
            {sending ? (
              <Trans>Sending …</Trans>
            ) : changes ? (
              <Plural value={changes} one="Send # change" other="Send # changes" />
            ) : (
              <Trans>Send</Trans>
            )}
          </button>
          {(changes > 0 || Object.keys(wrong).length > 0) && !sending && (
            <button
              type="button"
              className={`${ui.button} ${ui.plain}`}
              onClick={() => {
                setDraft({});
                setError(undefined);
                setTried(false);
              }}
            >
              <Trans>Discard</Trans>
            </button>
          )}
          {may.has("cancelled") && cancelled && (
            <button
              type="button"
              className={`${ui.button} ${styles.aside}`}
              onClick={() => setAsking("reinstate")}
            >
              <Trans>Reinstate flight</Trans>
            </button>
          )}
          {may.has("cancelled") && !cancelled && !left && (
            <button
              type="button"
              className={`${ui.button} ${ui.danger} ${styles.aside}`}
              onClick={() => setAsking("cancel")}
            >
              <Trans>Cancel flight</Trans>
            </button>
          )}
        </div>
      </form>
      {outs.length > 0 && <OutLog outs={outs} flight={flight} now={now} />}
      <Asking
        title={asking === "reinstate" ? t`Reinstate ${flight.number}?` : t`Cancel ${flight.number}?`}
        open={asking !== undefined}
        alert
        onClose={() => setAsking(undefined)}
      >
        <p>
          {asking === "reinstate" ? (
            <Trans>It flies after all. Passengers who follow it are told at once, in quiet hours too.</Trans>
          ) : (
            <Trans>
              Every board shows it as cancelled, and passengers who follow it are told at once, in quiet hours
              too.
            </Trans>
          )}
        </p>
        {(update.note || update.delay_codes) && (
          <p>
            <Trans>The note and the reasons that you typed are sent with it.</Trans>
          </p>
        )}
        <div className={ui.actions}>
          <button
            type="button"
            className={`${ui.button} ${asking === "reinstate" ? ui.main : ui.danger}`}
            onClick={() => {
              setAsking(undefined);
              void send({ cancelled: asking === "cancel", ...toSend(beside, flight).update }, beside);
            }}
          >
            {asking === "reinstate" ? <Trans>Reinstate flight</Trans> : <Trans>Cancel flight</Trans>}
          </button>
          <button type="button" className={ui.button} onClick={() => setAsking(undefined)}>
            <Trans>Back</Trans>
          </button>
        </div>
      </Asking>
    </section>
  );
}

/** Why it was not taken, where that is not said at a field; what was typed is still there to send again. */
function Refusal({ error, named, flight }: { error: unknown; named: boolean; flight: string }) {
  if (error instanceof ApiProblem && error.status === 401) {
    return (
      <Notice tone="bad" says>
        <p>
          <Trans>Your session has ended. What you typed is kept until you are back.</Trans>
        </p>
        <Link to="/login" search={{ next: `/flights/${flight}` }} className={ui.button}>
          <Trans>Log in</Trans>
        </Link>
      </Notice>
    );
  }
  return (
    <Notice tone="bad" says>
      <p>
        {named ? <Trans>Nothing was sent: what is marked above can’t be so.</Trans> : <Why error={error} />}
      </p>
      {!(error instanceof ApiProblem && error.status < 500) && (
        <p>
          <Trans>What you typed is still here.</Trans>
        </p>
      )}
    </Notice>
  );
}

/** The field that a fault is about: delay_codes of delay_codes.0.code. */
function fieldOf(name: string): string {
  return name.split(".")[0] ?? name;
}
