import { SqliteStore, type SqliteStoreOptions } from "../../src/store/sqlite/sqlite-store.ts";
import type { Store } from "../../src/store/store.ts";
import { lateStore } from "./late-store.ts";

let isLate = false;

/** Every store of this process's tests is seen over a network from now on; see told-late.ts. */
export function tellLate(): void {
  isLate = true;
}

/** The store of a fixture: as it is, or seen over a network that answers late. */
export function openTestStore(options: SqliteStoreOptions): Store {
  const store = SqliteStore.open(options);
  return isLate ? lateStore(store) : store;
}
