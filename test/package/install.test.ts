import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, globSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** The machine's own Node.js where it has one, and those that `npm run test:package` brings. */
const NODES = [...["/usr/bin/node"].filter(existsSync), ...(process.env.OTHER_NODES?.split(delimiter) ?? [])];
const npm = realpathSync(execFileSync("which", ["npm"], { encoding: "utf8" }).trim());

/** What npm reads of a clone. */
let clone: string;
before(() => {
  clone = mkdtempSync(join(tmpdir(), "mission-control-clone-"));
  const manifests = globSync(
    "{package.json,package-lock.json,.npmrc,bench/package.json,packages/*/package.json}",
    {
      cwd: root,
    },
  );
  for (const file of manifests) cpSync(join(root, file), join(clone, file));
});
after(() => rmSync(clone, { recursive: true }));

for (const node of NODES) {
  const version = execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
  test(`npm ci, the first command of the README, warns of nothing in Node ${version}`, () => {
    // Nothing of the npm that may have started this test, which tells its children how loud it is.
    const { PATH, HOME } = process.env;
    const install = spawnSync(node, [npm, "ci", "--dry-run", "--offline"], {
      cwd: clone,
      env: { PATH, HOME },
      encoding: "utf8",
    });
    assert.equal(install.status, 0, install.stderr);
    assert.equal(install.stderr, "");
    assert.match(install.stdout, /^added \d+ packages/m);
  });
}
