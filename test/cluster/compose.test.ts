import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { EventSource } from "eventsource";
import { checkLog } from "../../packages/server/test/support/log-check.ts";
import { sending } from "../../packages/server/test/support/sending.ts";
import { AgentDouble, callApi, dispatchTasks } from "../../packages/server/test/support/server-process.ts";
import { Docker, missingDocker } from "./docker.ts";
import { NetworkDoor } from "./network-door.ts";
import { sentTo } from "./sent-to.ts";
import { makeStandIns } from "./stand-ins.ts";

const missing = missingDocker();
const skip = missing.length > 0 && `it needs ${missing.join(", ")}`;

/** Beside the shipped file: a build that reaches the registry of packages, and health checks that take no time. */
const ADDED = `
x-server: &server
  build: { network: host }
  healthcheck: { interval: 1s }
services:
  one: *server
  two: *server
`;
const SETTINGS = { POSTGRES_PASSWORD: "secret" };
const WITH_NATS = { ...SETTINGS, NATS_URL: "nats://nats:4222", COMPOSE_PROFILES: "nats" };
/** Where the shipped file has Caddy listen. */
const PORT = 8080;

/** A reader as a browser is one, from the beginning of the log. */
function read(url: string, token: string) {
  const read: number[] = [];
  const source = new EventSource(`${url}/api/events?lastEventId=0&unnamed=true`, {
    fetch: (input, init) =>
      fetch(input, { ...init, headers: { ...init.headers, Authorization: `Bearer ${token}` } }),
  });
  source.onmessage = ({ lastEventId }) => read.push(Number(lastEventId));
  return { source, read };
}

const docker = new Docker();
const compose = (settings: Readonly<Record<string, string>>, ...args: string[]) =>
  docker.compose(settings, "-f", "deploy/compose.yaml", "-f", join(docker.folder, "added.yaml"), ...args);

before(async () => {
  if (skip) return;
  writeFileSync(join(docker.folder, "added.yaml"), ADDED);
  await docker.start("machine");
  await makeStandIns(docker);
  await compose(SETTINGS, "build");
  await docker.stop();
  await docker.start("own");
});
after(() => docker.discard());

test("a container of the image keeps its data in its volume alone, is well, and ends in order", {
  skip,
}, async () => {
  const name = "alone";
  const inside = (...command: string[]) => docker.docker("exec", name, ...command);
  const state = (field: string) => docker.docker("inspect", "--format", `{{.State.${field}}}`, name);
  const isHealthy = async () => (await state("Health.Status")) === "healthy";
  const token = () => inside("cat", "/var/lib/mission-control/token");
  // What docker compose calls it.
  const image = "mission-control-one";
  await docker.docker("run", "--detach", "--name", name, "--read-only", "--health-interval=1s", image);
  while (!(await isHealthy())) await wait(100);
  assert.equal(await inside("id", "-un"), "node");
  assert.match(await inside("mission-control", "doctor"), /^ok +data folder/m);
  const before = await token();
  await docker.docker("stop", "--time", "10", name);
  assert.equal(await state("ExitCode"), "0");
  await docker.docker("start", name);
  while (!(await isHealthy())) await wait(100);
  assert.equal(await token(), before);
  await docker.docker("rm", "--force", "--volumes", name);
});

test("of what Compose runs a server may be killed, and each replaced, under load", {
  skip,
}, async (context) => {
  const start = (settings: Readonly<Record<string, string>>, ...args: string[]) =>
    compose(settings, "up", "--detach", "--wait", "--no-build", ...args);
  await start(SETTINGS);
  const inOne = (...command: string[]) => compose(SETTINGS, "exec", "-T", "one", ...command);
  const login = await inOne("mission-control", "login", "--url", "http://127.0.0.1:4000");
  assert.match(login, /http:\/\/localhost:8080\/login#/);

  const agent = await AgentDouble.start();
  const door = await NetworkDoor.open(docker.network, { to: PORT, from: Number(new URL(agent.url).port) });
  const token = await inOne("cat", "/var/lib/mission-control/token");
  const url = `http://127.0.0.1:${door.port}`;
  const server = {
    call: <Body>(method: string, path: string, body?: unknown) =>
      callApi<Body>({ url, token }, method, path, body),
  };
  const gateway = await docker.docker(
    "network",
    "inspect",
    "--format",
    "{{(index .IPAM.Config 0).Gateway}}",
    "mission-control_default",
  );
  const { payloads } = agent;
  await dispatchTasks(server, { url: `http://${gateway}:${door.portInside}/`, payloads }, 4);
  await agent.receives(4);
  const readers = [read(url, token), read(url, token)];
  const { senders, answered, end } = sending(
    context,
    payloads.map((payload) => sentTo(door, payload)),
  );
  context.after(async () => {
    for (const { source } of readers) source.close();
    door.close();
    await agent.close();
  });
  await answered(40);
  await compose(SETTINGS, "kill", "one");
  await answered(40);
  await start(SETTINGS, "one");

  // Each is replaced by one that uses NATS; the volumes stay.
  await start(WITH_NATS, "nats");
  for (const name of ["one", "two"]) {
    const replaced = await compose(SETTINGS, "ps", "--quiet", name);
    const stopped = compose(WITH_NATS, "stop", name);
    await answered(40);
    await stopped;
    assert.equal(await docker.docker("inspect", "--format", "{{.State.ExitCode}}", replaced), "0");
    await start(WITH_NATS, "--no-deps", name);
    await answered(40);
    // Time for Caddy to see that it is back: the next one may go only then.
    await wait(2000);
  }
  assert.equal(await inOne("cat", "/var/lib/mission-control/token"), token);
  const metrics = await fetch(`${url}/metrics`, { headers: { Authorization: `Bearer ${token}` } });
  assert.match(await metrics.text(), /^mission_control_nats_connected 1$/m);
  await answered(40);
  await end();
  const ids = await checkLog(server, senders);
  for (const { read, source } of readers) {
    while (read.length < ids.length && source.readyState !== source.CLOSED) await wait(5);
    assert.deepEqual(read, ids);
  }
  assert.equal(agent.received.length, 4, "no dispatch was sent a second time");
});
