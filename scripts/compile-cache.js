import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * For the environment of tests, and of what they start: what Node.js has compiled is kept for the next process that needs
 * it, which is half of what a file of tests, or a command, takes.
 */
export const compileCache = { NODE_COMPILE_CACHE: join(tmpdir(), "mission-control-compile-cache") };
