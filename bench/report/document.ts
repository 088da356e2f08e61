import type { Result, Table } from "../bench.ts";

/** A result as a Markdown table with its notes. */
export function toMarkdown({ columns, rows, notes }: Result): string {
  const lines = [columns, columns.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return [...lines, ...(notes.length > 0 ? ["", ...notes] : [])].join("\n");
}

/**
 * Puts a table between its markers, and leaves every other line as it is; a table the document does not have
 * yet goes to its end.
 */
export function placeTable(document: string, table: Pick<Table, "name" | "title">, text: string): string {
  const begin = `<!-- bench:${table.name} -->`;
  const end = `<!-- /bench:${table.name} -->`;
  const block = `${begin}\n${text}\n${end}`;
  const from = document.indexOf(begin);
  const to = document.indexOf(end, from);
  if (from === -1 || to === -1) return `${document.trimEnd()}\n\n### ${table.title}\n\n${block}\n`;
  return document.slice(0, from) + block + document.slice(to + end.length);
}
