import { createHash } from "node:crypto";
import {
  type CarriedRow,
  type MoveSource,
  type MoveState,
  type MoveTarget,
  PARTS,
  type Part,
  type Value,
} from "./move-parts.ts";

/** One store cannot be moved into the other; says why, and what to do. */
export class MoveError extends Error {
  readonly code = "move";
  override name = "MoveError";
}

/** A part that was moved: how many rows, and the hash of all of them, which is that of either store. */
export interface MovedPart {
  name: string;
  count: number;
  /** Hex. */
  sha256: string;
}

/** Told how far it has come: so many rows of a part are in, or compared. */
export type MoveProgress = (step: "copying" | "comparing", part: string, rows: number) => void;

/**
 * Copies all that a store keeps into an empty one, with the ids it has, and compares the two, row by row. What was begun
 * and broke off goes on where it ended. The store that it comes from stays as it is.
 * @throws MoveError
 */
export async function moveParts(
  from: MoveSource,
  to: MoveTarget,
  progress: MoveProgress = () => {},
): Promise<MovedPart[]> {
  const identity = await from.identity();
  let state = await begun(from, to, identity);
  const first = PARTS.findIndex(({ name }) => name === state.part);
  for (const part of PARTS.slice(first)) {
    state = { ...state, part: part.name, after: state.part === part.name ? state.after : null };
    let count = 0;
    for (let rows = await from.rows(part, state.after); rows.length > 0; ) {
      state = { ...state, after: rows.at(-1)?.key ?? null };
      if (part.name === "artifacts") await moveContents(part, rows, from, to);
      await to.write(part, rows, state);
      count += rows.length;
      progress("copying", part.name, count);
      rows = await from.rows(part, state.after);
    }
  }
  const moved: MovedPart[] = [];
  for (const part of PARTS) moved.push(await compared(part, from, to, progress));
  if ((await from.identity()) !== identity) throw new MoveError(CHANGED);
  await to.finish();
  return moved;
}

/** Moves the bytes of artifacts; those that are there already cost a look. */
async function moveContents(
  { columns }: Part,
  rows: readonly CarriedRow[],
  from: MoveSource,
  to: MoveTarget,
): Promise<void> {
  for (const { values } of rows) {
    const sha256 = String(values[columns.indexOf("sha256")]);
    if (await to.contents.read(sha256)) continue;
    const content = await from.contents.read(sha256);
    if (!content) throw new MoveError(`The bytes of an artifact are not there: those of SHA-256 ${sha256}.`);
    await to.contents.keep(content.bytes, { sha256, size: content.size, maxBytes: content.size });
  }
}

const CHANGED =
  "The store was written to while it was moved: stop every server on it, empty what it was moved into, and begin again.";

/** Where to begin, or to go on. */
async function begun(from: MoveSource, to: MoveTarget, identity: string): Promise<MoveState> {
  const unfinished = await to.unfinished();
  if (unfinished) {
    if (unfinished.from === identity) return unfinished;
    throw new MoveError(
      "Something else, or an earlier state of the same, was being moved there, and is not whole: empty that, and begin again.",
    );
  }
  if (!(await to.isEmpty())) {
    throw new MoveError("There is something there already: a store can be moved into an empty one alone.");
  }
  const newestEventId = await from.newestEventId();
  const state: MoveState = { from: identity, newestEventId, part: PARTS[0]?.name ?? "", after: null };
  await to.begin(state);
  return state;
}

/** @throws MoveError where the two are not the same */
async function compared(
  part: Part,
  from: MoveSource,
  to: MoveSource,
  progress: MoveProgress,
): Promise<MovedPart> {
  const there = await summed(part, to, (rows) => progress("comparing", part.name, rows));
  const here = await summed(part, from, () => {});
  if (there.count === here.count && there.sha256 === here.sha256) return here;
  throw new MoveError(
    `${part.name} are not the same in both: ${here.count} rows became ${there.count}, or they differ. Servers go on with what there was; empty what it was moved into, and begin again.`,
  );
}

async function summed(part: Part, side: MoveSource, progress: (rows: number) => void): Promise<MovedPart> {
  const hash = createHash("sha256");
  let count = 0;
  let rows = await side.rows(part, null);
  while (rows.length > 0) {
    for (const row of rows) hash.update(line(row));
    count += rows.length;
    progress(count);
    rows = await side.rows(part, rows.at(-1)?.key ?? null);
  }
  return { name: part.name, count, sha256: hash.digest("hex") };
}

/** A row as text that is the same whichever engine it comes from. */
function line({ values }: CarriedRow): string {
  return `${JSON.stringify(values.map(plain))}\n`;
}

function plain(value: Value): string | null {
  if (value === null) return null;
  if (typeof value === "boolean") return String(Number(value));
  return value instanceof Uint8Array ? Buffer.from(value).toString("base64") : String(value);
}
