// biome-ignore-all lint/a11y/noRedundantRoles: laid out otherwise, a table is none to some browsers
import type { ReactNode } from "react";
import ui from "../ui/ui.module.css";
import styles from "./admin.module.css";

/** A table; on a phone each row is a card. */
export function Table(props: {
  label: string;
  heads: readonly string[];
  rows: readonly { key: string; cells: readonly ReactNode[] }[];
}) {
  return (
    <table role="table" aria-label={props.label} className={`${ui.table} ${styles.table}`}>
      <thead>
        <tr role="row">
          {props.heads.map((head) => (
            <th key={head} role="columnheader" scope="col">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {props.rows.map(({ key, cells }) => (
          <tr key={key} role="row">
            {props.heads.map((head, column) => (
              <td key={head} role="cell" data-head={head}>
                {cells[column]}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
