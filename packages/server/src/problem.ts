import type { Problem } from "@mission-control/protocol";
import { STATUS_CODES } from "./node-http.ts";

/** Where Node.js keeps a phrase that RFC 9110 has replaced. */
const RENAMED: Readonly<Record<number, string>> = { 413: "Content Too Large", 422: "Unprocessable Content" };

/** A status' reason phrase (RFC 9110, section 15). */
export function reasonPhrase(status: number): string {
  return RENAMED[status] ?? STATUS_CODES[status] ?? "Error";
}

/**
 * Problem details (RFC 9457) as JSON, which every refusal is answered with. The type is always `about:blank`, so the
 * title is the status' own phrase (section 4.2.1 there).
 */
export function problemBody(status: number, detail: string, more: ProblemMembers = {}): string {
  return JSON.stringify({ type: "about:blank", title: reasonPhrase(status), status, detail, ...more });
}

/**
 * A problem's detail that names each field that is wrong, as `errors` does.
 * @param what is wrong as a whole
 */
export function detailOf(errors: NonNullable<Problem["errors"]>, what = "The request is not valid"): string {
  const faults = errors.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`));
  return `${what}: ${faults.join("; ")}.`;
}

/** What a problem may say beside its status and detail. */
export interface ProblemMembers {
  errors?: Problem["errors"];
  [extension: string]: unknown;
}
