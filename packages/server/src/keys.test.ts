import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { secretKey } from "@mission-control/protocol";
import { KeyFileError, readToken } from "@mission-control/protocol/settings";
import { loadKeys } from "./keys.ts";

function temporaryFolder(t: { after(done: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), "mission-control-keys-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("the first start makes the keys for the owner alone, later ones read them", (t) => {
  const folder = join(temporaryFolder(t), "data");
  const keys = loadKeys(folder);
  assert.equal(keys.serverKey.symmetricKeySize, 32);
  assert.equal(secretKey(keys.webhookSecret).length, 32);
  assert.ok(keys.token.length >= 32);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  const names = readdirSync(folder);
  assert.deepEqual(names.sort(), ["server.key", "token", "webhook-secret"]);
  for (const name of names) assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name);
  assert.deepEqual(loadKeys(folder), keys);
  assert.equal(readToken(folder), keys.token);
});

test("a key file that others could read is closed to them", (t) => {
  const folder = temporaryFolder(t);
  loadKeys(folder);
  chmodSync(join(folder, "token"), 0o644);
  loadKeys(folder);
  assert.equal(statSync(join(folder, "token")).mode & 0o777, 0o600);
});

test("a damaged key file is refused, never replaced", (t) => {
  const folder = temporaryFolder(t);
  loadKeys(folder);
  const good = Object.fromEntries(
    readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]),
  );
  assert.deepEqual(Object.keys(good).sort(), ["server.key", "token", "webhook-secret"]);
  for (const [name, text] of Object.entries(good)) {
    for (const damaged of ["", "\n", "abc\n", "\0\0\0\0", text.slice(0, 13)]) {
      writeFileSync(join(folder, name), damaged);
      assert.throws(
        () => loadKeys(folder),
        (error) => {
          assert.ok(error instanceof KeyFileError, name);
          assert.ok(error.message.startsWith(join(folder, name)), error.message);
          return /restore it from a backup, or remove it/.test(error.message);
        },
        `${name}: ${JSON.stringify(damaged)}`,
      );
      assert.equal(readFileSync(join(folder, name), "utf8"), damaged);
    }
    writeFileSync(join(folder, name), text);
  }
  assert.ok(loadKeys(folder));
});

test("a folder no server has used has no token", (t) => {
  assert.equal(readToken(join(temporaryFolder(t), "none")), null);
});
