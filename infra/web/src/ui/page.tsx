import { type ReactNode, useEffect } from "react";
import styles from "./ui.module.css";

/** A page's content under its title, which is also the document's. `heading` where the h1 is more than the title. */
export function Page(props: { title: string; heading?: ReactNode; narrow?: boolean; children: ReactNode }) {
  useEffect(() => {
    document.title = `${props.title} · Gatecall`;
  }, [props.title]);
  return (
    <div className={props.narrow ? `${styles.page} ${styles.narrow}` : styles.page}>
      {props.heading ?? <h1 tabIndex={-1}>{props.title}</h1>}
      {props.children}
    </div>
  );
}
