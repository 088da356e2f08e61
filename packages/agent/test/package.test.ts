import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { CallbackServer } from "./callback-server.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const tsc = fileURLToPath(new URL("../../../node_modules/.bin/tsc", import.meta.url));
/** This one, the machine's own where it has one, and those that `npm run test:package` brings. */
const NODES = [
  process.execPath,
  ...["/usr/bin/node"].filter(existsSync),
  ...(process.env.OTHER_NODES?.split(delimiter) ?? []),
];

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
  assert.ok(size < 51_000, `${size} bytes packed`);
});

for (const node of NODES) {
  const version = execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
  test(`it reports, and verifies dispatches, in Node ${version}`, async (t) => {
    const server = await new CallbackServer().listen();
    t.after(() => server.close());
    const script = join(folder, "use.js");
    writeFileSync(
      script,
      `import { createAgentServer, createReporter } from "@mission-control/agent";
       const agent = createAgentServer({ secret: "whsec_c2VjcmV0LW9mLXRoaXMtdGVzdC1hbG9uZSEh", onDispatch: () => "done" });
       const refused = await agent.fetch(new Request("http://agent/", { method: "POST", body: "{}" }));
       const reporter = createReporter();
       reporter.progress("at work");
       await reporter.complete(String(refused.status));
       await reporter.close();`,
    );
    const env = { ...server.environment(), MISSION_CONTROL_DATA_DIR: join(folder, "data") };
    const child = spawn(node, [script], { cwd: folder, env, stdio: "inherit" });
    assert.deepEqual(await once(child, "exit"), [0, null]);
    assert.deepEqual(server.words, ["at work", "401"]);
  });
}

test("its types resolve without the protocol package", () => {
  writeFileSync(
    join(folder, "use.ts"),
    `import { createReporter, type ReportResult } from "@mission-control/agent";
     const result: ReportResult = await createReporter().progress("x", { progress: 0.5 });
     // @ts-expect-error progress is a number
     await createReporter().progress("x", { progress: "half" });
     console.log(result);`,
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
