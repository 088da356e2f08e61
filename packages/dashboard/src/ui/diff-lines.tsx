import { type KeyboardEvent, type ReactNode, useRef, useState } from "react";
import type { DiffLine, FileDiff } from "../text/diff.ts";
import { runText } from "../text/run-text.ts";
import { Button } from "./button.tsx";
import styles from "./diff-lines.module.css";
import { Foreign } from "./foreign.tsx";

/** Lines of one file drawn before somebody asks for all. */
const SHOWN = 400;

/** What can be done to the lines of a diff beside reading them. */
export interface LineNotes {
  /** What it says of a line that something can be noted there. */
  label(line: DiffLine): string;
  /** What stands under a line. */
  under(line: DiffLine): ReactNode;
  begin(line: DiffLine): void;
}

interface DiffLinesProps {
  file: FileDiff;
  /** Lines drawn before somebody asks for all. */
  shown?: number;
  notes?: LineNotes;
}

/** The changed lines of one file, with their numbers. Up and down go from line to line where lines take notes. */
export function DiffLines({ file, shown = SHOWN, notes }: DiffLinesProps) {
  const [all, setAll] = useState(false);
  const table = useRef<HTMLTableElement>(null);
  if (file.isBinary) return <p className={styles.words}>{runText.diff.binary}</p>;
  const total = file.hunks.reduce((sum, { lines }) => sum + lines.length, 0);
  if (total === 0) return <p className={styles.words}>{runText.diff.noLines}</p>;
  let left = all ? total : shown;
  let isFirst = true;
  return (
    <div className={styles.frame}>
      <table
        ref={table}
        className={styles.table}
        onKeyDown={(event) => notes && table.current && moveFocus(event, table.current)}
      >
        <tbody>
          {file.hunks.map((hunk, index) => {
            const lines = hunk.lines.slice(0, Math.max(0, left));
            left -= lines.length;
            if (lines.length === 0) return null;
            const rows = lines.map((line) => {
              const key = `${line.before ?? ""} ${line.after ?? ""} ${line.kind}`;
              const tabIndex = isFirst ? 0 : -1;
              isFirst = false;
              return <Line key={key} line={line} tabIndex={tabIndex} notes={notes} />;
            });
            const [first] = lines;
            return [
              index > 0 || hunk.section !== "" ? (
                <tr key={`section ${first?.before} ${first?.after}`} className={styles.section}>
                  <td colSpan={4}>
                    <Foreign max={200}>{hunk.section || "⋯"}</Foreign>
                  </td>
                </tr>
              ) : null,
              ...rows,
            ];
          })}
        </tbody>
      </table>
      {left < 0 || (!all && total > shown) ? (
        <Button kind="quiet" onClick={() => setAll(true)}>
          {runText.diff.all(total)}
        </Button>
      ) : null}
    </div>
  );
}

const SIGN: Record<DiffLine["kind"], string> = { added: "+", removed: "−", context: " ", note: "\\" };

function Line({ line, tabIndex, notes }: { line: DiffLine; tabIndex: number; notes: LineNotes | undefined }) {
  const takesNotes = notes !== undefined && line.kind !== "note";
  const under = takesNotes ? notes.under(line) : null;
  const spoken =
    line.kind === "added" ? runText.diff.addedLine : line.kind === "removed" ? runText.diff.removedLine : "";
  return (
    <>
      <tr className={styles.line} data-kind={line.kind}>
        <td className={styles.number}>{line.before}</td>
        <td className={styles.number}>{line.after}</td>
        <td className={styles.sign}>
          <span aria-hidden="true">{SIGN[line.kind]}</span>
          {spoken ? <span className="visually-hidden">{spoken}</span> : null}
          {takesNotes ? (
            <button
              type="button"
              tabIndex={tabIndex}
              className={styles.take}
              aria-label={notes.label(line)}
              title={notes.label(line)}
              onClick={() => notes.begin(line)}
            >
              +
            </button>
          ) : null}
        </td>
        <td className={styles.text}>
          <Foreign max={2_000}>{line.text}</Foreign>
        </td>
      </tr>
      {under ? (
        <tr>
          <td colSpan={4} className={styles.under}>
            {under}
          </td>
        </tr>
      ) : null}
    </>
  );
}

/** Up and down go to the button of the line above or below. */
function moveFocus(event: KeyboardEvent, table: HTMLTableElement): void {
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  const buttons = [...table.querySelectorAll<HTMLButtonElement>(`.${styles.take}`)];
  const next = buttons[buttons.indexOf(event.target as HTMLButtonElement) + step];
  if (step === 0 || !buttons.includes(event.target as HTMLButtonElement) || !next) return;
  event.preventDefault();
  next.focus();
}
