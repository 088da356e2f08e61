import type { CreateTask } from "@mission-control/protocol";

/** A task to create, as somebody pasted it. */
export type BulkTask = Pick<CreateTask, "title"> & Partial<CreateTask>;

/** What pasted text came to, and in which form it was. */
export interface Bulk {
  form: "lines" | "json" | "csv";
  tasks: BulkTask[];
  /** What could not be read, in words, with its place. */
  problems: string[];
}

const LIST_MARK = /^(?:[-*•]\s+(?:\[[ xX]?\]\s+)?|\d+[.)]\s+)/;
/** A line that divides others, or a mark with nothing behind it. */
const RULE = /^[-*•_=.\s]*$/;
const PRIORITIES = new Set(["low", "normal", "high", "urgent"]);

/**
 * Reads tasks from pasted text: a JSON array (of titles or of task objects) or JSON lines, a CSV with a header that
 * has a `title` column, or else one title a line, list marks removed.
 */
export function parseBulk(pasted: string): Bulk {
  const trimmed = pasted.trim();
  if (trimmed === "") return { form: "lines", tasks: [], problems: [] };
  if (trimmed.startsWith("[") || trimmed.startsWith("{")) return fromJson(trimmed);
  const { rows, isOpen } = readCsv(trimmed);
  const header = rows[0]?.map((cell) => cell.trim().toLowerCase()) ?? [];
  if (header.length > 1 && header.includes("title")) {
    // What stands behind a quotation mark that is not closed is anybody's guess.
    const bulk = fromCsv(header, rows.slice(1, isOpen ? -1 : undefined));
    if (isOpen) bulk.problems.push(`${rows.length}: a quotation mark is not closed`);
    return bulk;
  }
  const titles = trimmed.split(/\r?\n/).map((line) => line.trim().replace(LIST_MARK, "").trim());
  const tasks = titles.filter((title) => !RULE.test(title)).map((title) => ({ title }));
  return { form: "lines", tasks, problems: [] };
}

function fromJson(pasted: string): Bulk {
  const bulk: Bulk = { form: "json", tasks: [], problems: [] };
  let values: unknown[];
  try {
    const parsed: unknown = JSON.parse(pasted);
    values = Array.isArray(parsed) ? parsed : [parsed];
  } catch (error) {
    const lines = pasted.split(/\r?\n/).filter((line) => line.trim() !== "");
    try {
      values = lines.map((line) => JSON.parse(line) as unknown);
    } catch {
      bulk.problems.push((error as Error).message);
      return bulk;
    }
  }
  values.forEach((value, index) => {
    if (typeof value === "string" && value.trim() !== "") bulk.tasks.push({ title: value.trim() });
    else if (isTask(value)) bulk.tasks.push(value);
    else bulk.problems.push(`${index + 1}: a task is a title, or an object with a "title"`);
  });
  return bulk;
}

function isTask(value: unknown): value is BulkTask {
  const title = (value as { title?: unknown } | null)?.title;
  return typeof title === "string" && title.trim() !== "";
}

function fromCsv(header: readonly string[], rows: readonly string[][]): Bulk {
  const bulk: Bulk = { form: "csv", tasks: [], problems: [] };
  rows.forEach((row, index) => {
    if (row.every((cell) => cell.trim() === "")) return;
    const cell = (name: string) => row[header.indexOf(name)]?.trim() || undefined;
    const title = cell("title");
    if (!title) {
      bulk.problems.push(`${index + 2}: no title`);
      return;
    }
    const task: BulkTask = { title };
    const description = cell("description");
    const priority = cell("priority")?.toLowerCase();
    const tags = cell("tags");
    if (description) task.description = description;
    if (tags)
      task.tags = tags
        .split(/[;,|]/)
        .map((tag) => tag.trim())
        .filter(Boolean);
    if (priority && !PRIORITIES.has(priority)) {
      bulk.problems.push(`${index + 2}: priority "${priority}" is not low, normal, high or urgent`);
      return;
    }
    if (priority) task.priority = priority as CreateTask["priority"];
    if (/^(?:true|yes|1)$/i.test(cell("requiresreview") ?? "")) task.requiresReview = true;
    bulk.tasks.push(task);
  });
  return bulk;
}

/**
 * Rows of cells by RFC 4180, or with tabs as a spreadsheet copies them. `isOpen` says that the last of them begins a
 * quotation that has no end.
 */
function readCsv(pasted: string): { rows: string[][]; isOpen: boolean } {
  const firstLine = pasted.slice(0, pasted.search(/\r?\n|$/));
  const separator = firstLine.includes("\t")
    ? "\t"
    : firstLine.includes(";") && !firstLine.includes(",")
      ? ";"
      : ",";
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let quoted = false;
  for (let index = 0; index < pasted.length; index++) {
    const character = pasted[index];
    if (quoted) {
      if (character !== '"') cell += character;
      else if (pasted[index + 1] === '"') cell += pasted[++index];
      else quoted = false;
    } else if (character === '"' && cell === "") quoted = true;
    else if (character === separator) {
      row.push(cell);
      cell = "";
    } else if (character === "\n") {
      rows.push([...row, cell]);
      row = [];
      cell = "";
    } else cell += character;
  }
  rows.push([...row, cell]);
  return { rows, isOpen: quoted };
}
