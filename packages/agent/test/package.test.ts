import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const tsc = fileURLToPath(new URL("../../../node_modules/.bin/tsc", import.meta.url));
/** The oldest Node the package promises to run on, where this machine has one. */
const OTHER_NODES = ["/usr/bin/node", ...(process.env.OTHER_NODES?.split(":") ?? [])].filter(existsSync);

let folder: string;
let size: number;

before(() => {
  folder = mkdtempSync(join(tmpdir(), "mc-package-"));
  const packed = npm(["pack", "--json", "--pack-destination", folder], root);
  const [{ filename, size: bytes }] = JSON.parse(packed.slice(packed.indexOf("[\n"))) as [
    { filename: string; size: number },
  ];
  size = bytes;
  writeFileSync(join(folder, "package.json"), '{"private":true,"type":"module"}');
  npm(["install", "--offline", "--no-audit", "--no-fund", join(folder, filename)], folder);
});
after(() => rmSync(folder, { recursive: true }));

function npm(args: string[], cwd: string): string {
  return execFileSync("npm", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

test("the package installs alone: nothing comes with it", () => {
  assert.deepEqual(
    readdirSync(join(folder, "node_modules")).filter((name) => !name.startsWith(".")),
    ["@mission-control"],
  );
  assert.deepEqual(readdirSync(join(folder, "node_modules/@mission-control")), ["agent"]);
  assert.ok(size < 30_000, `${size} bytes packed`);
});

test("it speaks for itself in every Node it promises", () => {
  const script = join(folder, "use.js");
  writeFileSync(
    script,
    `import { createAgentServer, createReporter } from "@mission-control/agent";
     createAgentServer({ secret: "whsec_AAAA", onDispatch: () => "done" });
     try { createReporter({ env: {} }); } catch (error) { console.log(error.code); }`,
  );
  for (const node of [process.execPath, ...OTHER_NODES]) {
    assert.equal(execFileSync(node, [script], { cwd: folder, encoding: "utf8" }), "configuration\n", node);
  }
});

test("its types resolve without the protocol package", () => {
  writeFileSync(
    join(folder, "use.ts"),
    `import { createReporter, type Receipt } from "@mission-control/agent";
     const receipt: Receipt = await createReporter().progress("x", { progress: 0.5 });
     // @ts-expect-error progress is a number
     await createReporter().progress("x", { progress: "half" });
     console.log(receipt);`,
  );
  const types = fileURLToPath(new URL("../../../node_modules/@types", import.meta.url));
  const flags = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2024", "--types", "node"];
  execFileSync(tsc, [...flags, "--typeRoots", types, "use.ts"], { cwd: folder, encoding: "utf8" });
  for (const name of readdirSync(join(folder, "node_modules/@mission-control/agent/dist"), {
    recursive: true,
  })) {
    const path = join(folder, "node_modules/@mission-control/agent/dist", String(name));
    if (path.endsWith(".ts") || path.endsWith(".js")) {
      assert.ok(!readFileSync(path, "utf8").includes("@mission-control/protocol"), path);
    }
  }
});
