import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { storeConformance } from "../conformance.ts";
import { SqliteStore } from "./sqlite-store.ts";

storeConformance("SQLite", {
  newPlace: async () => mkdtempSync(join(tmpdir(), "mission-control-store-")),
  open: async (folder, now) => SqliteStore.open({ folder, now }),
  discard: async (folder) => rmSync(folder, { recursive: true }),
});
