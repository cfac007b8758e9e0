import { useLingui } from "@lingui/react/macro";
import { Asking } from "../ui/dialog";
import { Finder } from "./Finder";

/** The finder over whatever page is open. */
export function FinderDialog(props: { onClose: () => void }) {
  const { t } = useLingui();
  return (
    <Asking title={t`Find an airport or a flight`} open onClose={props.onClose}>
      <Finder label={t`Airport, city or flight number`} autoFocus onGo={props.onClose} />
    </Asking>
  );
}
