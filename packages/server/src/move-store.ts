import { join } from "node:path";
import { DeviceIdentity } from "./gateways/openclaw/device-identity.ts";
import { type SharedKeys, shareKeys } from "./keys.ts";
import { type MovedPart, MoveError, type MoveProgress, moveParts } from "./store/move.ts";
import type { MoveTarget } from "./store/move-parts.ts";
import { SqliteMoveSide } from "./store/sqlite/move-side.ts";

/** Where a store is: a data folder, or a `postgres://` URL. */
export interface StorePlace {
  kind: "folder" | "database";
  /** The path, or the URL. */
  at: string;
}

/** What tells a database's URL from a folder. */
export function storePlace(text: string): StorePlace {
  return { kind: /^postgres(ql)?:\/\//.test(text) ? "database" : "folder", at: text };
}

/**
 * Moves all that a store keeps, and the keys that go with it, from one place to another, which is empty or holds what an
 * earlier call left unfinished. No server may run on either; the place that it comes from stays as it is.
 * @returns what was moved, part by part, compared
 * @throws MoveError, KeyFileError, DataFolderInUseError, DatabaseInUseError, or what opening a store throws
 */
export async function moveStore(
  from: StorePlace,
  to: StorePlace,
  progress?: MoveProgress,
): Promise<MovedPart[]> {
  if (from.kind === "folder" && !SqliteMoveSide.isThere(from.at)) {
    throw new MoveError(`There is no database in the folder ${from.at}.`);
  }
  const source = await open(from);
  try {
    const target = await open(to);
    try {
      // First: a key that is another's is known before anything was copied.
      if (source.keys && to.kind === "folder") await giveKeys(to.at, source.keys);
      if (target.keys && from.kind === "folder") await giveKeys(from.at, target.keys);
      return await moveParts(source.side, target.side, progress);
    } finally {
      await target.side.close();
    }
  } finally {
    await source.side.close();
  }
}

/** Makes a folder's keys and a database's the same: each gets those that only the other has. */
async function giveKeys(folder: string, keys: SharedKeys): Promise<void> {
  await shareKeys(folder, keys);
  await DeviceIdentity.share(join(folder, "openclaw"), keys);
}

async function open({ kind, at }: StorePlace): Promise<{ side: MoveTarget; keys: SharedKeys | null }> {
  if (kind === "folder") return { side: await SqliteMoveSide.open(at), keys: null };
  // Loaded only here, as `openStore` does.
  const { PostgresMoveSide } = await import("./store/postgres/move-side.ts");
  const side = await PostgresMoveSide.open(at);
  return { side, keys: side };
}
