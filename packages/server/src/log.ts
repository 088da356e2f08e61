import { pino } from "pino";
import type { Logger } from "./logger.ts";

/** A logger that writes JSON lines to the standard error; the standard output is the commands' own. */
export function logTo(level: string): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  return pino(options, pino.destination({ fd: 2, sync: true }));
}
