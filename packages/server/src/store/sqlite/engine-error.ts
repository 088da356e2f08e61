/**
 * What SQLite says about its surroundings — disk, locks, memory, the file itself — by primary result code. Any other
 * of its codes (a constraint, a wrong statement) is about what it was asked, and would be the same every time.
 * @see https://sqlite.org/rescode.html
 */
const SURROUNDINGS: Readonly<Record<number, string>> = {
  3: "the file may not be used by this user",
  5: "another program is writing to it",
  6: "it is locked",
  7: "memory is short",
  8: "it may only be read",
  9: "the work was interrupted",
  10: "the disk failed to read or write",
  11: "it is damaged",
  13: "the disk is full",
  14: "a file of it cannot be opened",
  15: "its locks cannot be used",
  22: "the disk cannot hold so large a file",
  23: "the access was denied",
  26: "it is damaged: what is there is no database",
};
const CORRUPT = 11;
const NOT_A_DATABASE = 26;

/** Why the engine could not do it, to follow "The database cannot be …: "; null for a fault of who asked. */
export function engineReason(error: unknown): string | null {
  const code = primaryCode(error);
  return code === null ? null : (SURROUNDINGS[code] ?? null);
}

/** Whether the engine found its file damaged. */
export function saysDamaged(error: unknown): boolean {
  const code = primaryCode(error);
  return code === CORRUPT || code === NOT_A_DATABASE;
}

/** Extended result codes hold the primary one in their low byte. */
function primaryCode(error: unknown): number | null {
  if (!(error instanceof Error) || !("errcode" in error)) return null;
  return Number(error.errcode) & 0xff;
}
