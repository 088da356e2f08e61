import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { WebhookReceiver } from "../../../server/test/support/webhook-receiver.ts";
import { run } from "../../test/command-line.ts";
import { TestServer } from "../../test/test-server.ts";

let server: TestServer;
let receiver: WebhookReceiver;
before(async () => {
  server = await TestServer.start({ allowPrivateWebhooks: true });
  receiver = await WebhookReceiver.start();
});
after(async () => {
  await server.close();
  await receiver.close();
});

test("an endpoint is added, tried, given another secret, switched off and on, and removed", async () => {
  assert.match((await server.run("webhooks")).stdout, /^No webhooks yet/);
  const added = await server.run("webhooks", "add", receiver.url, "--types", "task", "--description", "ours");
  const [, id = "", secret] =
    /is (\S+)\.\nIts secret, shown this once: (whsec_\S+)\n$/.exec(added.stdout) ?? [];
  assert.ok(secret, added.stderr);
  assert.match((await server.run("webhooks")).stdout, new RegExp(`^${id} +active +\\d+ behind +0 waiting`));

  assert.match((await server.run("webhooks")).stdout, /waiting +ours +http/, "by what they are named");

  const tested = await server.run("webhooks", "test", "ours");
  assert.match(tested.stdout, /^Delivered to http\S+ in \d+ ms \(HTTP 204\)/, tested.stderr);
  receiver.reaction = () => 500;
  const refused = await server.run("webhooks", "test", receiver.url);
  assert.deepEqual([refused.code, refused.stderr], [1, "Answered with HTTP 500.\n"]);
  receiver.reaction = () => 204;

  const rotated = await server.run("webhooks", "rotate", id, "--overlap", "60");
  assert.match(rotated.stdout, /^Its new secret, shown this once: whsec_/, rotated.stderr);
  assert.match((await server.run("webhooks", "off", id)).stdout, /is off\.\n$/);
  assert.match((await server.run("webhooks", "on", id)).stdout, /is active\.\n$/);
  assert.match((await server.run("webhooks", "rm", "ours")).stdout, /is removed\.\n$/);
  assert.match((await server.run("webhooks", "rm", "ours")).stderr, /^There is no webhook "ours"/);
});

test("deliveries are listed, shown with what was sent, and sent again", async () => {
  const added = await server.run("webhooks", "add", receiver.url, "--types", "task", "--json");
  const { id } = JSON.parse(added.stdout) as { id: string };
  const before = receiver.received.length;
  await server.api("POST", "/api/tasks", { title: "Tell everybody" });
  await receiver.receives(before + 1);
  const delivery = receiver.received.at(-1)?.id ?? "";
  let listed = "";
  while (!listed.includes("delivered")) {
    listed = (await server.run("webhooks", "deliveries", "--endpoint", id)).stdout;
  }
  assert.match(listed, new RegExp(`delivered +task +1 tries +${delivery}\n$`));
  const shown = await server.run("webhooks", "deliveries", delivery);
  assert.match(shown.stdout, /HTTP 204/);
  assert.match(shown.stdout, /"message":"Tell everybody"/);
  assert.match((await server.run("webhooks", "resend", delivery)).stdout, /is tried again/);
  await receiver.receives(before + 2);
  const replayed = await server.run("webhooks", "replay", id, "--since", "2026-01-01T00:00:00Z");
  assert.equal(replayed.code, 0, replayed.stderr);
  await receiver.receives(before + 3);
  assert.deepEqual(new Set(receiver.received.slice(before).map((one) => one.id)), new Set([delivery]));
});

test("an endpoint is edited field by field, and what is not named stays as it is", async () => {
  for (const name of ["builder", "tester"]) {
    await server.run("agents", "add", name, "--endpoint", `${receiver.url}/${name}`);
  }
  const add = ["webhooks", "add", "https://8.8.8.8/topic", "--format", "ntfy", "--description", "Ann"];
  const filters = ["--agent", "builder", "--agent", "tester", "--tag", "night", "--tag", "day"];
  const zone = ["--time-zone", "Europe/Berlin"];
  const added = await server.run(
    ...add,
    ...filters,
    "--quiet",
    "22:00-07:00",
    ...zone,
    "--digest",
    "30",
    "--json",
  );
  assert.equal(added.code, 0, added.stderr);
  const before = JSON.parse(added.stdout) as Record<string, unknown> & { agentIds: string[]; id: string };
  assert.deepEqual([before.agentIds.length, before.tags], [2, ["night", "day"]]);
  const edit = async (...flags: string[]) => {
    const { code, stdout, stderr } = await server.run("webhooks", "edit", "Ann", ...flags, "--json");
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as Record<string, unknown>;
  };
  const { updatedAt: _, secret: __, ...same } = before;
  const { updatedAt: ___, ...quieter } = await edit(
    "--quiet",
    "20:00-08:00",
    "--notices",
    "question,failure",
  );
  const quiet = { from: "20:00", to: "08:00", timeZone: "Europe/Berlin" };
  assert.deepEqual(
    { ...quieter, position: before.position, behind: before.behind },
    {
      ...same,
      quiet,
      notices: ["question", "failure"],
    },
  );
  const moved = await edit(
    "--time-zone",
    "Asia/Tokyo",
    "--no-digest",
    "--no-notices",
    "--no-agent",
    "--tag",
    "day",
  );
  assert.deepEqual(
    [moved.quiet, moved.digestMinutes, moved.notices, moved.agentIds, moved.tags],
    [{ ...quiet, timeZone: "Asia/Tokyo" }, undefined, undefined, undefined, ["day"]],
  );
  const conflict = await server.run("webhooks", "edit", "Ann", "--format", "event");
  assert.deepEqual([conflict.code, conflict.stdout], [2, ""]);
  assert.match(conflict.stderr, /quiet: is for the formats for people alone/);
  const program = await edit(
    "--format",
    "event",
    "--no-quiet",
    "--to",
    "https://8.8.8.8/hook",
    "--types",
    "error",
  );
  assert.deepEqual(
    [program.url, program.format, program.types],
    ["https://8.8.8.8/hook", "event", ["error"]],
  );
  const [nothing, noZone, noTokens, unknown] = await Promise.all([
    server.run("webhooks", "edit", "Ann"),
    server.run("webhooks", "edit", "Ann", ...zone),
    server.run("webhooks", "edit", "Ann", "--tokens"),
    server.run("webhooks", "edit", "Ann", "--agent", "nobody"),
  ]);
  assert.deepEqual([nothing.code, noZone.code, noTokens.code, unknown.code], [2, 2, 2, 1]);
  assert.match(nothing.stderr, /Say what is to be changed/);
  assert.match(noZone.stderr, /--time-zone is for quiet hours/);
  assert.match(noTokens.stderr, /SLACK_BOT_TOKEN/);
  assert.equal((await edit("--description", "Bob")).description, "Bob");
  assert.equal((await server.run("webhooks", "rm", before.id)).code, 0);
});

test("an endpoint that somebody else has edited since it was read is not changed", async () => {
  const add = [
    "webhooks",
    "add",
    "https://8.8.8.8/topic",
    "--format",
    "ntfy",
    "--description",
    "Eve",
    "--json",
  ];
  const { id } = JSON.parse((await server.run(...add)).stdout) as { id: string };
  const path = `/api/webhooks/endpoints/${id}`;
  // Between what the command reads and what it writes, somebody else is faster.
  const between = createServer(async (request, response) => {
    if (request.method === "PATCH") await server.api("PATCH", path, { description: "Eve and Mallory" });
    const answer = await fetch(server.app.url + request.url, {
      method: request.method as string,
      headers: request.headers as Record<string, string>,
      body: request.method === "PATCH" ? await text(request) : null,
    });
    response.writeHead(answer.status, { "content-type": "application/json" }).end(await answer.text());
  }).listen(0, "127.0.0.1");
  await once(between, "listening");
  const url = `http://127.0.0.1:${(between.address() as AddressInfo).port}`;
  const edited = await server.run("webhooks", "edit", id, "--digest", "5", "--url", url);
  between.close();
  assert.deepEqual([edited.code, edited.stdout], [1, ""]);
  assert.match(edited.stderr, /was edited meanwhile/);
  assert.equal((await server.api("GET", path)).digestMinutes, undefined);
  assert.equal((await server.run("webhooks", "rm", id)).code, 0);
});

test("wrong use says so", async () => {
  const [type, format, state] = await Promise.all([
    server.run("webhooks", "add", receiver.url, "--types", "nonsense"),
    server.run("webhooks", "add", receiver.url, "--format", "xml"),
    server.run("webhooks", "deliveries", "--state", "lost"),
  ]);
  assert.deepEqual([type.code, format.code, state.code], [2, 2, 2]);
  assert.match(
    format.stderr,
    /It must be event, cloudevents, ntfy, slack, discord, telegram, email, slack_app/,
  );
});

test("people are told with the rules and the answers that are asked for, and tokens come from the environment", async () => {
  const slack = "https://8.8.8.8/api/chat.postMessage?channel=C0123456789";
  const rules = [
    "--quiet",
    "22:00-07:00",
    "--time-zone",
    "Europe/Berlin",
    "--digest",
    "30",
    "--passes",
    "question",
  ];
  const tokens = { SLACK_BOT_TOKEN: "xoxb-1", SLACK_APP_TOKEN: "xapp-1" };
  const add = ["webhooks", "add", slack, "--format", "slack_app", "--answers", "U1,U2", ...rules, "--json"];
  const added = await run(add, { ...server.env, ...tokens });
  assert.equal(added.code, 0, added.stderr);
  const { answers, quiet, digestMinutes, passes } = JSON.parse(added.stdout) as Record<string, unknown>;
  assert.deepEqual(
    [answers, quiet, digestMinutes, passes],
    [{ users: ["U1", "U2"] }, { from: "22:00", to: "07:00", timeZone: "Europe/Berlin" }, 30, ["question"]],
  );
  assert.doesNotMatch(added.stdout, /xoxb|xapp/);
  const [hours, zone, program] = await Promise.all([
    server.run("webhooks", "add", slack, "--quiet", "late"),
    server.run(
      "webhooks",
      "add",
      "https://8.8.8.8/",
      "--format",
      "ntfy",
      "--quiet",
      "22:00-07:00",
      "--time-zone",
      "Moon",
    ),
    server.run("webhooks", "add", "https://8.8.8.8/", "--digest", "5"),
  ]);
  assert.match(hours.stderr, /must be two times/);
  assert.match(zone.stderr, /must be a time zone's name/);
  assert.match(program.stderr, /for people alone/);
});
