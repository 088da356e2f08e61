import type { Statements } from "./statements.ts";

/** The trigram index finds nothing shorter by itself. */
const TERM_LENGTH = 3;
/** Terms that a short search may be spelled out in. */
const MAX_TERMS = 200;
/** Stands in the index where a text ends, and for what a query cannot hold; of the private-use area. */
const END = "\ue000";
const UNSEARCHABLE = "\ue001";

/**
 * A text as the trigram index gets it. With two marks behind it, each of its characters begins a term, so that
 * searches of one or two characters can go by the terms that begin with them. The last term is the priority's:
 * what a search finds comes in the order of creation, so of one priority after the other it comes in theirs.
 */
export function indexedText(text: string, rank: number): string {
  return text.replace(/[\0\ue000]/g, UNSEARCHABLE) + END + END + rank;
}

/** Narrows a full-text query to the tasks of one priority. */
export function ofPriority(expression: string, rank: number): string {
  return `(${expression}) AND "${END}${END}${rank}"`;
}

/**
 * The full-text query that finds a text; null when the index cannot find it, or when it is short and more than
 * `limit` tasks may have it: then looking at task after task finds a page quickly.
 */
export function searchExpression(statements: Statements, q: string, limit: number): string | null {
  if (/[\0\ue000\ue001]/.test(q)) return null;
  if ([...q].length >= TERM_LENGTH) return quoted(q);
  const prefix = q.toLowerCase();
  const rows = statements
    .get("SELECT term, doc FROM task_search_terms WHERE term >= ? AND term < ?")
    .iterate(prefix, `${prefix}\u{10ffff}`);
  const terms: string[] = [];
  let tasks = 0;
  for (const { term, doc } of rows) {
    terms.push(quoted(String(term)));
    tasks += Number(doc);
    if (tasks > limit || terms.length > MAX_TERMS) return null;
  }
  // No term begins so: a text that stands nowhere finds nothing.
  return terms.length > 0 ? terms.join(" OR ") : quoted(END.repeat(TERM_LENGTH));
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
