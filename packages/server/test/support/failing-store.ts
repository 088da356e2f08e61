import { type Store, StoreUnavailableError } from "../../src/store/store.ts";

const WRITES: ReadonlySet<PropertyKey> = new Set(["change", "claim", "append", "edit", "commandDone"]);

/** A real store, and a switch that makes its commits fail, as a full disk does. */
export function failing<S extends Store>(real: S): { store: S; disk: { full: boolean } } {
  const disk = { full: false };
  const store = new Proxy(real, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...values: unknown[]) =>
        disk.full && WRITES.has(name)
          ? Promise.reject(new StoreUnavailableError("The store could not commit: the disk is full."))
          : value.apply(target, values);
    },
  });
  return { store, disk };
}
