import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";

/** Keeps what a process printed in the folder `OPENCLAW_TEST_LOGS` names, for looking into a failed run. */
export function keepLog(name: string, lines: readonly string[]): void {
  const folder = process.env.OPENCLAW_TEST_LOGS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  appendFileSync(join(folder, `${name}-${process.pid}.log`), `${lines.join("\n")}\n`);
}
