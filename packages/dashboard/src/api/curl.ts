import type { ApiCall } from "./client.ts";

/**
 * A call as a shell command anybody can run: the token comes from the environment, never from the page.
 * @param origin scheme, host and port of the server
 */
export function asCurl(call: ApiCall, origin: string): string {
  const lines = [`curl ${call.method === "GET" ? "" : `-X ${call.method} `}${quote(origin + call.path)}`];
  lines.push(`-H "Authorization: Bearer $MISSION_CONTROL_TOKEN"`);
  for (const [name, value] of Object.entries(call.headers ?? {}))
    lines.push(`-H ${quote(`${name}: ${value}`)}`);
  if (call.body !== undefined) {
    lines.push("-H 'Content-Type: application/json'");
    lines.push(`--data-raw ${quote(JSON.stringify(call.body))}`);
  }
  return lines.join(" \\\n  ");
}

/** POSIX shell quoting: nothing between single quotes means anything. */
function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
