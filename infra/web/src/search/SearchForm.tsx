import { Trans, useLingui } from "@lingui/react/macro";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Button, Group, Input, Label, NumberField, TextField } from "react-aria-components";
import { Refused } from "../api/problems";
import type { Cabin } from "../api/types";
import { AskForm, ChooseOne, SelectOne, Wrong } from "../ui/forms";
import ui from "../ui/ui.module.css";
import { offersOf, searchFor } from "./find";
import { PlaceField } from "./PlaceField";
import {
  CABINS,
  daysAfter,
  MOST_PARTS,
  MOST_SEATS,
  type Part,
  type Party,
  partsOf,
  partyOf,
  partyTrouble,
  type SearchParams,
} from "./query";
import styles from "./search.module.css";
import { CABIN_WORDS } from "./words";

type Kind = "return" | "one way" | "several";
type Row = Part & { id: number };

const NOWHERE: Part = { from: "", to: "", date: "" };

/** What is sought: where, when, who. It is asked before the page goes there, so that what is wrong stands at its field. */
export function SearchForm(props: {
  search: SearchParams;
  /** The dates on which flights are sold. */
  first: string;
  last: string;
  onSearch: (search: SearchParams) => void;
}) {
  const { t, i18n } = useLingui();
  const client = useQueryClient();
  const { search, first, last } = props;
  const asked = partsOf(search);
  const [kind, setKind] = useState<Kind>(search.trip ? "several" : asked.length === 1 ? "one way" : "return");
  const [rows, setRows] = useState<Row[]>(() =>
    (asked.length ? asked : [{ ...NOWHERE, from: search.from ?? "NYC", to: search.to ?? "" }]).map(
      (part, id) => ({
        ...part,
        id,
      }),
    ),
  );
  const [back, setBack] = useState(search.return ?? "");
  const [party, setParty] = useState<Party>(partyOf(search));
  const [cabin, setCabin] = useState<Cabin>(search.cabin ?? "economy");
  const shown = kind === "several" ? rows : rows.slice(0, 1);
  const cabins = CABINS.map((id) => ({ id, label: i18n._(CABIN_WORDS[id]) }));

  function change(id: number, part: Partial<Part>) {
    setRows((all) => all.map((row) => (row.id === id ? { ...row, ...part } : row)));
  }

  function choose(next: Kind) {
    setKind(next);
    if (next === "several" && rows.length < 2) add();
  }

  function add() {
    setRows((all) => {
      const before = all.at(-1);
      const date = before?.date ? daysAfter(before.date, 3) : "";
      return [
        ...all,
        { from: before?.to ?? "", to: "", date: [date, last].sort()[0] ?? "", id: nextId(all) },
      ];
    });
  }

  async function ask() {
    const trouble = partyTrouble(party);
    if (trouble === "too many")
      throw new Refused("", { children: t`At most ${MOST_SEATS} people with a seat can be booked at once.` });
    if (trouble === "too many infants")
      throw new Refused("", { infants: t`Each infant sits on the lap of an adult of their own.` });
    const parts: Part[] = [...shown];
    const out = parts[0];
    if (kind === "return" && out) parts.push({ from: out.to, to: out.from, date: back });
    const { adults, children, infants } = party;
    const next = searchFor(kind, parts, {
      ...search,
      passengers: adults > 1 ? adults : undefined,
      children: children || undefined,
      infants: infants || undefined,
      cabin: cabin === "economy" ? undefined : cabin,
    });
    await client.fetchQuery(offersOf(next));
    props.onSearch(next);
  }

  return (
    <AskForm submit={t`Find flights`} ask={ask}>
      <div className={styles.kinds}>
        <ChooseOne
          label={t`Trip`}
          name="kind"
          value={kind}
          onChange={choose}
          options={[
            { id: "return", label: t`Return` },
            { id: "one way", label: t`One way` },
            { id: "several", label: t`Several cities` },
          ]}
        />
      </div>
      {shown.map((row, at) => {
        const flight = at + 1;
        const only = kind !== "several";
        return (
          <Group key={row.id} className={styles.journey} aria-label={only ? undefined : t`Flight ${flight}`}>
            <PlaceField
              label={t({ message: "From", context: "an airport" })}
              name={only ? "from" : `from.${at}`}
              value={row.from}
              onChange={(from) => change(row.id, { from })}
            />
            <PlaceField
              label={t({ message: "To", context: "an airport" })}
              name={only ? "to" : `to.${at}`}
              value={row.to}
              onChange={(to) => change(row.id, { to })}
            />
            <DateField
              label={kind === "return" ? t`There on` : t`On`}
              name={only ? "date" : `date.${at}`}
              value={row.date}
              min={rows[at - 1]?.date || first}
              max={last}
              onChange={(date) => {
                change(row.id, { date });
                if (back && back < date) setBack(date);
              }}
            />
            {kind === "return" && (
              <DateField
                label={t`Back on`}
                name="return"
                value={back}
                min={row.date || first}
                max={last}
                onChange={setBack}
              />
            )}
            {!only && rows.length > 2 && (
              <Button
                className={`${ui.button} ${ui.plain}`}
                onPress={() => setRows((all) => all.filter(({ id }) => id !== row.id))}
                aria-label={t`Remove flight ${flight}`}
              >
                <Trans>Remove</Trans>
              </Button>
            )}
          </Group>
        );
      })}
      {kind === "several" && rows.length < MOST_PARTS && (
        <p>
          <Button className={ui.button} onPress={add}>
            <Trans>Add a flight</Trans>
          </Button>
        </p>
      )}
      <div className={styles.who}>
        <Count
          label={t`Adults`}
          hint={t`from 12 years`}
          name="passengers"
          value={party.adults}
          least={1}
          most={MOST_SEATS}
          onChange={(adults) => setParty({ ...party, adults })}
        />
        <Count
          label={t`Children`}
          hint={t`2 to 11 years`}
          name="children"
          value={party.children}
          least={0}
          most={MOST_SEATS - 1}
          onChange={(children) => setParty({ ...party, children })}
        />
        <Count
          label={t`Infants`}
          hint={t`under 2, on a lap`}
          name="infants"
          value={party.infants}
          least={0}
          most={MOST_SEATS}
          onChange={(infants) => setParty({ ...party, infants })}
        />
        <SelectOne label={t`Cabin`} name="cabin" options={cabins} value={cabin} onChange={setCabin} />
      </div>
    </AskForm>
  );
}

function nextId(rows: readonly Row[]): number {
  return Math.max(...rows.map(({ id }) => id), -1) + 1;
}

/** A date, by the browser's own calendar. */
function DateField(props: {
  label: string;
  name: string;
  value: string;
  min: string;
  max: string;
  onChange: (date: string) => void;
}) {
  const { label, name, value, min, max, onChange } = props;
  return (
    <TextField name={name} isRequired value={value} onChange={onChange} className={ui.field}>
      <Label className={ui.label}>{label}</Label>
      <Input type="date" min={min} max={max} className={ui.input} />
      <Wrong />
    </TextField>
  );
}

/** How many, by buttons or typed. */
function Count(props: {
  label: string;
  hint: string;
  name: string;
  value: number;
  least: number;
  most: number;
  onChange: (count: number) => void;
}) {
  const { t } = useLingui();
  const { label, hint, name, value, least, most } = props;
  return (
    <NumberField
      name={name}
      value={value}
      minValue={least}
      maxValue={most}
      onChange={(count) => props.onChange(Number.isFinite(count) ? count : least)}
      className={ui.field}
    >
      <Label className={ui.label}>
        {label} <span className={ui.hint}>{hint}</span>
      </Label>
      <Group className={styles.count}>
        <Button slot="decrement" className={ui.button} aria-label={t`Fewer: ${label}`}>
          −
        </Button>
        <Input className={ui.input} />
        <Button slot="increment" className={ui.button} aria-label={t`More: ${label}`}>
          +
        </Button>
      </Group>
      <Wrong />
    </NumberField>
  );
}
