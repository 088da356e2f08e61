import type { LogEvent } from "@mission-control/protocol";

/** Writes a line for people or, with `--json`, a value for programs, to the standard output. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** One JSON value on one line. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value));
}

/** Writes what is not the command's result, such as that it is connecting again, to the standard error. */
export function notice(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Rows with their columns aligned; the last column is as long as it is. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** An event as one line: local time, type, what is said, and the task it is about. */
export function eventLine(event: LogEvent): string {
  const time = new Date(event.timestamp).toLocaleTimeString("en-GB");
  const progress = event.progress === undefined ? "" : ` ${Math.round(event.progress * 100)}%`;
  const subject = event.taskId ?? event.agentId ?? "";
  return `${time}  ${event.type.padEnd(13)}  ${subject}${progress}  ${oneLine(told(event))}`.trimEnd();
}

function told({ type, data, message }: LogEvent): string {
  if (type === "status_change") return `${data.from} → ${data.to}`;
  if (message !== undefined) return message;
  return typeof data.state === "string" ? data.state : "";
}

/** What agents write may hold anything; a terminal shall get neither line breaks nor escape sequences. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]+/gu, " ").trim();
}
