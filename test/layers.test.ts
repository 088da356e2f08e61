import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, posix } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const source = posix.join(dirname(dirname(fileURLToPath(import.meta.url))), "packages/server/src");

/** The rooms of the server, from the top: a room imports only rooms below it. A file that stands alone is its own room. */
const rooms = [
  "cli",
  "app.ts",
  "api",
  "login",
  "callbacks",
  "dispatch",
  "agents",
  "gateways",
  "stream",
  "ingress",
  "retention.ts",
  "readiness.ts",
  "store",
  "tasks",
  "metrics.ts",
  "limits",
  "settings.ts",
  "settings-file.ts",
  "allowed-hosts.ts",
  "forwarded.ts",
  "client-address.ts",
  "keys.ts",
  "unicode.ts",
  "ids.ts",
  "logger.ts",
];

/** Imports that still point up. One that is mended has to leave this list, and none may be added. */
const stillUp = ["ingress → api", "ingress → callbacks"];

const importPattern = /(?:\bfrom|\bimport)\s*\(?\s*["'](\.[^"']+)["']/g;

function roomOf(file: string): string {
  return file.split("/")[0] ?? file;
}

/** Each import, static or dynamic, from one room to another, as the importing file and both rooms. */
function importsBetweenRooms(): { file: string; from: string; to: string }[] {
  const files = globSync("**/*.ts", { cwd: source }).filter((file) => !file.endsWith(".test.ts"));
  return files.flatMap((file) =>
    [...readFileSync(posix.join(source, file), "utf8").matchAll(importPattern)]
      .map(([, target = ""]) => ({ file, from: roomOf(file), to: roomOf(posix.join(dirname(file), target)) }))
      .filter(({ from, to }) => from !== to),
  );
}

test("every room of the server has its place in the order", () => {
  const found = importsBetweenRooms().flatMap(({ from, to }) => [from, to]);
  const unplaced = [...new Set(found)].filter((room) => room !== ".." && !rooms.includes(room));
  assert.deepEqual(unplaced, [], "add the room to the list in this test, where its imports point down");
});

test("no room imports a room above it, but for those that are known", () => {
  const up = importsBetweenRooms().filter(({ from, to }) => rooms.indexOf(to) < rooms.indexOf(from));
  const edges = [...new Set(up.map(({ from, to }) => `${from} → ${to}`))].sort();
  const where = up.map(({ file, to }) => `${file} imports ${to}`).join("\n");
  assert.deepEqual(edges, stillUp, `imports that point up:\n${where}`);
});
