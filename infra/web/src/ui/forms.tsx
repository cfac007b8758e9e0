import { Trans, useLingui } from "@lingui/react/macro";
import { createContext, type ReactNode, use, useEffect, useRef, useState } from "react";
import {
  Button,
  CheckboxButton,
  CheckboxField,
  FieldError,
  Form,
  Input,
  type InputProps,
  Label,
  ListBox,
  ListBoxItem,
  Popover,
  Radio,
  RadioGroup,
  Select,
  SelectValue,
  Text,
  TextField,
} from "react-aria-components";
import { flushSync } from "react-dom";
import { ApiProblem, Refused } from "../api/problems";
import { Notice, Why } from "./states";
import styles from "./ui.module.css";

const NONE = {};

/** The language of what was refused of fields, where it is another than the app's: the API speaks English. */
const InEnglish = createContext<"en" | undefined>(undefined);

/**
 * A form whose fields are named as the API names them: what the API refuses of a field is shown at that field, all else
 * above. `ask` is given the fields; what it throws is shown. `done`: what is said once it went through; `clears`: the
 * form is then as it was at first.
 */
export function AskForm(props: {
  ask: (fields: FormData) => Promise<void>;
  /** The button's words; undefined where there is nothing to send yet. */
  submit: string | undefined;
  tone?: "main" | "danger";
  done?: ReactNode;
  beside?: ReactNode;
  clears?: boolean;
  children: ReactNode;
}) {
  const [asking, setAsking] = useState(false);
  const [done, setDone] = useState(false);
  const [error, setError] = useState<unknown>();
  const [above, setAbove] = useState(false); // it is not of a field, or of one that this form has not
  const [faults, setFaults] = useState<Readonly<Record<string, string>>>(NONE); // another object: fields forget them
  const form = useRef<HTMLFormElement>(null);

  useEffect(() => {
    if (!error) return;
    const field = form.current?.querySelector<HTMLElement>("[data-invalid] input, [data-invalid] button");
    if (field) field.focus();
    else form.current?.querySelector("[role=alert]")?.scrollIntoView({ block: "nearest" }); // the button may be far below
  }, [error]);

  async function ask(form: HTMLFormElement) {
    if (asking) return;
    setAsking(true);
    setDone(false);
    setError(undefined);
    setFaults(NONE);
    try {
      await props.ask(new FormData(form));
      setDone(true);
      if (props.clears) form.reset();
    } catch (reason) {
      const found = faultsOf(reason, form.elements);
      const fields = Object.keys(found);
      setAbove(!fields.length || fields.some((name) => !form.elements.namedItem(name)));
      setFaults(found);
      setError(reason);
    } finally {
      setAsking(false);
    }
  }

  /** What was refused before does not keep anybody from asking again: it may have been mended in another field. */
  function forget({ target }: { target: EventTarget }) {
    if (faults !== NONE && target instanceof Element && target.closest("[type=submit]"))
      flushSync(() => setFaults(NONE)); // before the browser looks at what is invalid
  }

  return (
    <Form
      ref={form}
      className={styles.form}
      validationErrors={faults}
      {...{ onInput: mended }} // it reaches the form, though its type leaves it out
      onClickCapture={forget}
      onSubmit={(event) => {
        event.preventDefault();
        void ask(event.currentTarget);
      }}
    >
      {error !== undefined && above && (
        <Notice tone="bad" says>
          <Why error={error} />
        </Notice>
      )}
      <InEnglish value={error instanceof ApiProblem ? "en" : undefined}>{props.children}</InEnglish>
      {done && props.done && (
        <Notice tone="good" says>
          {props.done}
        </Notice>
      )}
      <div className={styles.actions}>
        {props.submit && (
          <Button
            type="submit"
            isPending={asking}
            className={`${styles.button} ${styles[props.tone ?? "main"]}`}
          >
            {props.submit}
          </Button>
        )}
        {asking && (
          <span className={styles.hint} role="status">
            <Trans>Sending …</Trans>
          </span>
        )}
        {props.beside}
      </div>
    </Form>
  );
}

/**
 * What is wrong with a field goes as soon as it is mended. React Aria waits until the field is left, and where that is
 * by a press on the button below, the button moves up under the finger and is not pressed.
 */
function mended({ target }: { target: EventTarget }) {
  const typed = target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
  if (typed && target.closest("[data-invalid]")) target.dispatchEvent(new Event("change", { bubbles: true }));
}

/** What was refused of each field, by its name: the whole of it where a field is called so, else its beginning. */
function faultsOf(error: unknown, fields: HTMLFormControlsCollection): Readonly<Record<string, string>> {
  if (error instanceof Refused) return error.fields;
  if (!(error instanceof ApiProblem)) return {};
  const own = (name: string) => (fields.namedItem(name) ? name : (name.split(".")[0] ?? ""));
  return Object.fromEntries(error.errors.map((fault) => [own(fault.name), fault.detail]));
}

/** What is wrong with a field: in the app's language what its browser finds, else what was refused of it. */
export function Wrong({ type, short }: { type?: string; short?: string }) {
  const { t } = useLingui();
  const lang = use(InEnglish);
  return (
    <FieldError className={styles.wrong}>
      {({ validationDetails: found, validationErrors }) => {
        if (found.valueMissing) return type === "checkbox" ? t`Tick this to go on.` : t`This is missing.`;
        if (found.typeMismatch && type === "email")
          return t`This is not an email address. One looks like ada@example.com.`;
        if (found.tooShort && short) return short;
        return <span lang={lang}>{validationErrors.join(" ")}</span>;
      }}
    </FieldError>
  );
}

/** One line of text. `type`, `autoComplete`, `inputMode` and so on go to the input. */
export function TextLine(
  props: { label: string; name: string; hint?: string; required?: boolean; value?: string } & Pick<
    InputProps,
    "type" | "autoComplete" | "inputMode" | "pattern" | "placeholder" | "maxLength" | "minLength"
  >,
) {
  const { label, name, hint, required, value, ...input } = props;
  return (
    <TextField name={name} isRequired={required} defaultValue={value} className={styles.field}>
      <Label className={styles.label}>{label}</Label>
      {hint && (
        <Text slot="description" className={styles.hint}>
          {hint}
        </Text>
      )}
      <Input {...input} className={styles.input} />
      <Wrong type={props.type} />
    </TextField>
  );
}

/** One of some, from a list that opens. */
export function SelectOne<Id extends string>(props: {
  label: string;
  name: string;
  options: readonly { id: Id; label: string }[];
  value?: Id;
  onChange?: (id: Id) => void;
}) {
  return (
    <Select
      name={props.name}
      defaultValue={props.value ?? props.options[0]?.id}
      onChange={(key) => {
        const chosen = props.options.find((option) => option.id === key);
        if (chosen) props.onChange?.(chosen.id);
      }}
      className={styles.field}
    >
      <Label className={styles.label}>{props.label}</Label>
      <Button className={styles.input}>
        <SelectValue />
      </Button>
      <Wrong />
      <Popover className={styles.popover}>
        <ListBox className={styles.list} items={props.options}>
          {(option) => (
            <ListBoxItem id={option.id} className={styles.option}>
              {option.label}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </Select>
  );
}

/** One of a few, all of them seen. */
export function ChooseOne<Id extends string>(props: {
  label: string;
  name: string;
  options: readonly { id: Id; label: ReactNode }[];
  value?: Id;
  onChange?: (id: Id) => void;
}) {
  return (
    <RadioGroup
      name={props.name}
      defaultValue={props.value}
      isRequired
      onChange={(value) => {
        const chosen = props.options.find((option) => option.id === value);
        if (chosen) props.onChange?.(chosen.id);
      }}
      className={styles.field}
    >
      <Label className={styles.label}>{props.label}</Label>
      {props.options.map((option) => (
        <Radio key={option.id} value={option.id} className={styles.choice}>
          {({ isSelected }) => (
            <>
              <span className={`${styles.box} ${styles.round}`} aria-hidden>
                {isSelected && "●"}
              </span>
              <span>{option.label}</span>
            </>
          )}
        </Radio>
      ))}
      <Wrong />
    </RadioGroup>
  );
}

/** Yes or no; in the form's data as "yes" where it is ticked. */
export function Tick(props: { name: string; required?: boolean; value?: boolean; children: ReactNode }) {
  return (
    <CheckboxField
      name={props.name}
      value="yes"
      isRequired={props.required}
      defaultSelected={props.value}
      className={styles.field}
    >
      <CheckboxButton className={styles.choice}>
        {({ isSelected }) => (
          <>
            <span className={styles.box} aria-hidden>
              {isSelected && "✓"}
            </span>
            <span>{props.children}</span>
          </>
        )}
      </CheckboxButton>
      <Wrong type="checkbox" />
    </CheckboxField>
  );
}
