import { useEffect, useState } from "react";
import styles from "./flap.module.css";

const TURN = 360; // one letter (flap.module.css)
const SPREAD = 240; // from the first letter's turn to the last's

/**
 * A text that turns like a split-flap board's when it becomes another: letter by letter, those that differ.
 * It is always there as plain text; nothing turns at first sight, nor for those who want no motion.
 */
export function Flap({ text, after = 0 }: { text: string; after?: number }) {
  const [shown, setShown] = useState(text);
  const [before, setBefore] = useState<string>();
  if (shown !== text) {
    setShown(text);
    setBefore(matchMedia("(prefers-reduced-motion: reduce)").matches ? undefined : shown);
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: another text begins another turn
  useEffect(() => {
    if (before === undefined) return;
    const timer = setTimeout(() => setBefore(undefined), after + SPREAD + TURN);
    return () => clearTimeout(timer);
  }, [before, text, after]);

  if (before === undefined) return <span className={styles.flap}>{text}</span>;
  return (
    <span className={styles.flap}>
      <span className="hidden-but-read">{text}</span>
      <span aria-hidden="true">
        <Tiles before={[...before]} text={text} after={after} />
      </span>
    </span>
  );
}

function Tiles(props: { before: string[]; text: string; after: number }) {
  const { before, text, after } = props;
  let at = 0;
  const step = SPREAD / Math.max(1, [...text].length - 1);
  return text.split(" ").map((word, index) => {
    if (index) at += 1;
    const first = at;
    const tiles = [...word].map((letter, place) => {
      const from = before[first + place] ?? " ";
      at += 1;
      return from === letter ? (
        // biome-ignore lint/suspicious/noArrayIndexKey: a tile is its place
        <span key={place} className={styles.still} data-to={letter} />
      ) : (
        // biome-ignore lint/suspicious/noArrayIndexKey: a tile is its place
        <span key={place} className={styles.tile} data-from={from} data-to={letter}>
          <i
            data-from={from}
            data-to={letter}
            style={{ animationDelay: `${Math.round(after + (first + place) * step)}ms` }}
          />
        </span>
      );
    });
    return (
      // biome-ignore lint/suspicious/noArrayIndexKey: a word is its place
      <span key={index}>
        {index > 0 && " "}
        <span className={styles.word}>{tiles}</span>
      </span>
    );
  });
}
