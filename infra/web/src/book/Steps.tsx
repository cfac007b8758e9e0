import { useLingui } from "@lingui/react/macro";
import styles from "./book.module.css";

/** How far the booking is. */
export function Steps({ at }: { at: "passengers" | "seats" | "pay" }) {
  const { t } = useLingui();
  const steps = [
    ["passengers", t`Passengers`],
    ["seats", t`Seats`],
    ["pay", t`Payment`],
  ] as const;
  return (
    <ol className={styles.progress} aria-label={t`Steps of the booking`}>
      {steps.map(([step, says]) => (
        <li key={step} aria-current={step === at ? "step" : undefined}>
          {says}
        </li>
      ))}
    </ol>
  );
}
