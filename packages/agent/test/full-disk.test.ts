import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { formatSecret, standardHeaders } from "@mission-control/protocol";
import { createAgentServer, createReporter, flush, type ReporterOptions } from "../src/index.ts";
import { CallbackServer } from "./callback-server.ts";
import { FakeClock } from "./fake-clock.ts";

/** A small disk of its own; `undefined` where it may not be mounted. */
const disk = mountSmallDisk();
const options = { skip: disk ? false : "Left out: a small disk to fill needs root and mount." };
const spool = join(disk ?? "", "spool");
const ballast = join(disk ?? "", "ballast");
let server: CallbackServer;

function mountSmallDisk(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "mc-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m,mode=0700", "mission-control-test", folder], {
      stdio: "ignore",
    });
    return folder;
  } catch {
    rmSync(folder, { recursive: true });
    return undefined;
  }
}

/** Fills the disk but for `left` bytes, in whole pages. */
function fill(left: number): void {
  const { bavail, bsize } = statfsSync(disk ?? "");
  writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - left)));
}

function free(): void {
  rmSync(ballast, { force: true });
}

before(() => disk && mkdirSync(spool, { mode: 0o700 }));
after(() => {
  if (!disk) return;
  execFileSync("umount", [disk]);
  rmSync(disk, { recursive: true });
});
beforeEach(async () => {
  server = await new CallbackServer().listen();
});
afterEach(async () => {
  free();
  await server.close();
});

function reporter(more: ReporterOptions = {}) {
  return createReporter({ ...server.target(), spool, random: () => 0, onFailure: () => {}, ...more });
}

const flushAll = () => flush({ spool, env: {}, random: () => 0 });
const files = () => readdirSync(spool).filter((name) => !name.endsWith(".key"));

test(
  "what a full disk took half of is cut off, and all that is said to be kept arrives",
  options,
  async () => {
    const warnings: string[] = [];
    server.behave = () => "hang";
    const clock = new FakeClock();
    server.now = () => clock.now();
    const agent = reporter({ clock, timeoutMs: 50, onWarning: (warning) => warnings.push(warning) });
    const sent = [agent.progress("one")];
    fill(64 * 1024);
    const tooMuch = { text: "x".repeat(100_000) };
    sent.push(agent.progress("two", { data: tooMuch }), agent.progress("three"), agent.complete("done"));
    const results = await Promise.allSettled(sent);
    await agent.close();
    const kept = results.map(
      (result) => result.status === "rejected" && /It is kept in/.test(result.reason.message),
    );
    assert.deepEqual(kept, [true, false, true, true]);
    assert.match(
      warnings.join("\n"),
      /could not be written to the spool, and is lost should it not arrive: ENOSPC/,
    );

    server.behave = () => "ok";
    server.now = Date.now;
    const result = await flushAll();
    assert.equal(result.exitCode, 0, result.text);
    assert.deepEqual(server.words, ["one", "three", "done"]);
    assert.deepEqual(files(), []);
  },
);

test(
  "a disk that is full from the beginning costs the spool, not the reports, and leaves nothing half",
  options,
  async () => {
    const { bsize } = statfsSync(disk ?? "");
    const warnings: string[] = [];
    for (let pages = 0; pages < 4; pages++) {
      rmSync(join(spool, "seal.key"), { force: true });
      fill(pages * bsize);
      const agent = reporter({ onWarning: (warning) => warnings.push(warning) });
      await agent.progress(`${pages}`);
      await agent.complete("done");
      await agent.close();
      free();
      assert.deepEqual(files(), [], `${pages} pages free`);
    }
    assert.deepEqual(server.words, ["0", "done", "1", "done", "2", "done", "3", "done"]);
    assert.match(warnings.join("\n"), /ENOSPC/);
  },
);

test("a damaged file on a full disk waits for room, and makes no second copy", options, async () => {
  server.behave = () => "reset";
  const clock = new FakeClock();
  server.now = () => clock.now();
  await assert.rejects(reporter({ clock }).progress("one"), /It is kept in/);
  const [name = ""] = files();
  writeFileSync(join(spool, name), "garbage\n", { flag: "a" });
  server.behave = () => "ok";
  server.now = Date.now;
  fill(0);
  for (let i = 0; i < 2; i++) {
    const result = await flushAll();
    assert.equal(result.exitCode, 1);
    assert.match(result.text, /ENOSPC/);
    assert.deepEqual(files(), [name]);
  }
  free();
  assert.match((await flushAll()).text, /Delivered 1 .*\n.*1 line\(s\) that cannot be read/);
  assert.deepEqual(server.words, ["one"]);
  rmSync(spool, { recursive: true });
});

test(
  "an agent server whose disk is full refuses new dispatches, saying why, until there is room",
  options,
  async () => {
    const secret = formatSecret(Buffer.from("the secret of the agent itself"));
    const agent = createAgentServer({ secret, onDispatch: () => "done", reporter: { spool } });
    const dispatch = async (dispatchId: string) => {
      const { url, secret: callbackSecret, taskId, agentId } = server.target(dispatchId);
      const body = JSON.stringify({
        version: 1,
        dispatchId,
        task: { id: taskId, title: "Fix it" },
        agent: { id: agentId },
        callback: { url, secret: callbackSecret },
      });
      const timestamp = Math.floor(Date.now() / 1000);
      const headers = standardHeaders(secret, { id: dispatchId, timestamp, body });
      return (await agent.fetch(new Request("http://agent/", { method: "POST", headers, body }))).json();
    };
    mkdirSync(spool, { recursive: true, mode: 0o700 });
    fill(8192);
    const refused = (await dispatch("d1")) as { accepted: boolean; reason: string };
    assert.equal(refused.accepted, false);
    assert.match(refused.reason, /^The disk is full: \d+ bytes are left for the spool in /);
    free();
    assert.deepEqual(await dispatch("d2"), { accepted: true });
    await server.until(() => server.stored.length === 1);
    await agent.close();
    assert.deepEqual(server.words, ["done"]);
  },
);
