import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { detectAgents, formatDetected } from "./detect.ts";

test("agents on the PATH are found, each with the one command that connects it", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "mc-detect-"));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const name of ["claude", "codex-acp", "codex", "opencode"]) {
    writeFileSync(join(folder, name), "");
    chmodSync(join(folder, name), name === "opencode" ? 0o644 : 0o755);
  }
  const gateway = createServer().listen(0, "127.0.0.1");
  t.after(() => gateway.close());
  await once(gateway, "listening");
  const url = `ws://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
  assert.deepEqual(await detectAgents({ PATH: `/nowhere:${folder}`, OPENCLAW_GATEWAY_URL: url }), [
    {
      name: "Claude Code",
      found: join(folder, "claude"),
      command: 'mission-control agent --exec "claude -p {prompt} --output-format stream-json --verbose"',
    },
    { name: "Codex", found: join(folder, "codex-acp"), command: "mission-control agent --acp codex-acp" },
    {
      name: "OpenClaw Gateway",
      found: url,
      command: `OPENCLAW_GATEWAY_URL=${url} OPENCLAW_GATEWAY_TOKEN=… mission-control start`,
    },
  ]);
});

test("finding nothing still tells what to do", async () => {
  const found = await detectAgents({ PATH: "/nowhere", OPENCLAW_GATEWAY_URL: "ws://127.0.0.1:1" });
  assert.deepEqual(found, []);
  assert.match(formatDetected(found), /Any program works: mission-control agent --exec/);
});
