import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { NewEvent } from "@mission-control/protocol";
import { readSettings } from "@mission-control/protocol/settings";
import { FakeMailServer, StallingServer } from "../../../test/support/fake-mail-server.ts";
import { activity, MAIL_FROM, OutboundFixture, PUBLIC_URL } from "../../../test/support/outbound-fixture.ts";
import { SYSTEM_CLOCK } from "../clock.ts";
import { WebhookFieldError } from "../endpoint-url.ts";
import { mailMessage } from "./mail-message.ts";
import { MailSender, mailFromOf } from "./mail-sender.ts";

const USER = "ann:p%40ss%20word@";
const endpoint = { url: "mailto:ops@example.com" };
const message = mailMessage({ kind: null, title: "Hello", text: "There", link: null });

async function mailServer(context: TestContext, options: Parameters<typeof FakeMailServer.start>[0] = {}) {
  const server = await FakeMailServer.start(options);
  context.after(() => server.close());
  return server;
}

function senderTo(smtpUrl: string, cert?: string, timeoutMs = 10_000): MailSender {
  const ca = cert === undefined ? {} : { ca: cert };
  return new MailSender({ clock: SYSTEM_CLOCK, smtpUrl, from: MAIL_FROM, timeoutMs, ...ca });
}

function send(sender: MailSender, id = "webhook_1.42") {
  return sender.send(endpoint, id, message, new AbortController().signal);
}

test("a mail goes out over STARTTLS after a log-in, with its delivery's id, as text and HTML", async (context) => {
  const server = await mailServer(context);
  const { made, isDelivered } = await send(senderTo(`smtp://${USER}localhost:${server.port}`, server.cert));
  assert.ok(isDelivered, made.error);
  assert.match(made.response ?? "", /^250 /);
  const [{ secure, user, to, source } = assert.fail("no mail")] = server.taken;
  assert.deepEqual([secure, user, to], [true, "ann", ["ops@example.com"]]);
  assert.match(source, /^Message-ID: <webhook_1\.42@example\.com>\r?$/m);
  assert.match(source, /^From: Mission Control <mission@example\.com>\r?$/m);
  assert.match(source, /^Auto-Submitted: auto-generated\r?$/m);
  assert.match(source, /^Content-Type: text\/plain/m);
  assert.match(source, /^Content-Type: text\/html/m);
});

test("a mail goes out over TLS from the first byte", async (context) => {
  const server = await mailServer(context, { secure: true });
  const { made, isDelivered } = await send(senderTo(`smtps://${USER}localhost:${server.port}`, server.cert));
  assert.ok(isDelivered, made.error);
  assert.equal(server.taken[0]?.secure, true);
});

test("no password goes to a server without TLS, or with a certificate that nobody vouches for", async (context) => {
  const open = await mailServer(context, { lacksTls: true });
  const plain = await send(senderTo(`smtp://${USER}localhost:${open.port}`, open.cert));
  assert.deepEqual([plain.isDelivered, plain.isRefused], [false, false]);
  const unknown = await mailServer(context);
  const untrusted = await send(senderTo(`smtp://${USER}localhost:${unknown.port}`));
  assert.match(untrusted.made.error ?? "", /certificate/);
  assert.equal(untrusted.isRefused, false);
  assert.deepEqual([open.taken.length, unknown.taken.length], [0, 0]);
  const allowed = await send(senderTo(`smtp://${USER}localhost:${open.port}?tls=off`));
  assert.ok(allowed.isDelivered, allowed.made.error);
});

test("what is said of the message with 5xx is final, what is said with 4xx or of the log-in is not", async (context) => {
  const server = await mailServer(context);
  const sender = senderTo(`smtp://${USER}localhost:${server.port}`, server.cert);
  for (const [to, code, isFinal] of [
    ["RCPT", 550, true],
    ["RCPT", 451, false],
    ["DATA", 552, true],
    ["DATA", 452, false],
  ] as const) {
    server.refusal = { to, code, words: "Not now, or never" };
    const { made, isDelivered, isRefused } = await send(sender);
    assert.deepEqual([isDelivered, isRefused], [false, isFinal], `${to} ${code}`);
    assert.match(made.error ?? "", new RegExp(`${code} Not now, or never`));
  }
  server.refusal = null;
  const stranger = await send(senderTo(`smtp://ann:wrong@localhost:${server.port}`, server.cert));
  assert.match(stranger.made.error ?? "", /535/);
  assert.doesNotMatch(stranger.made.error ?? "", /wrong/);
  assert.equal(stranger.isRefused, false);
});

test("a server that says nothing, or is not there, is tried again later", async (context) => {
  const server = await StallingServer.start();
  context.after(() => server.close());
  const stalled = await send(senderTo(`smtp://127.0.0.1:${server.port}`, undefined, 200));
  assert.equal(stalled.made.error, "Not sent within 0.2 s.");
  const nobody = await StallingServer.start();
  const { port } = nobody;
  await nobody.close();
  const gone = await send(senderTo(`smtp://127.0.0.1:${port}`));
  assert.equal(gone.made.error, "Not sent: nothing listens there (connection refused).");
  assert.deepEqual([stalled.isRefused, gone.isRefused], [false, false]);
});

const asks: NewEvent = {
  ...activity("t1", "permission"),
  message: `Run "rm" <b onclick='x'> & be done`,
  data: { state: "requested" },
};

test("a notice is delivered by e-mail, tried again under the same Message-ID, and given up when it is refused for good", async (context) => {
  const server = await mailServer(context);
  const mail = { smtpUrl: `smtp://${USER}localhost:${server.port}`, ca: server.cert };
  const fixture = await OutboundFixture.open(context, { mail });
  const { id } = await fixture.webhooks.create({ url: "mailto:ops@example.com", format: "email" });
  server.refusal = { to: "DATA", code: 451, words: "Try again later" };
  const eventId = await fixture.store.append([asks]);
  await fixture.settled(id, (found) => found[0]?.tryCount === 1);
  server.refusal = null;
  await fixture.advancing(server.takes(1));
  await fixture.settled(id, (found) => found[0]?.state === "delivered");
  const { source } = server.taken[0] ?? assert.fail("no mail");
  assert.match(source, new RegExp(`^Message-ID: <${id}\\.${eventId}@example\\.com>\r?$`, "m"));
  // Undone is what quoted-printable (RFC 2045, section 6.7) made of it.
  const html = source.replaceAll("=\r\n", "").replaceAll("=3D", "=");
  assert.ok(html.includes(">Run &quot;rm&quot; &lt;b onclick=&#39;x&#39;&gt; &amp; be done</p>"), html);
  assert.ok(source.includes(`${PUBLIC_URL}/tasks/t1`));

  server.refusal = { to: "RCPT", code: 550, words: "No such user" };
  await fixture.store.append([{ ...asks, taskId: "t2" }]);
  const found = await fixture.settled(id, (all) => all.length === 2 && all[0]?.state === "failed");
  assert.equal(found[0]?.tryCount, 1);
  const detail = await fixture.webhooks.deliveries.get(found[1]?.id ?? "");
  assert.equal(detail?.request.headers.subject, "An agent asks");
});

test("an endpoint for e-mail has one address, and a mail server that sends to it", async (context) => {
  const without = await OutboundFixture.open(context);
  const create = (fixture: OutboundFixture, url: string, format: "email" | "slack" = "email") =>
    fixture.webhooks.create({ url, format });
  await assert.rejects(create(without, "mailto:ann@example.com"), /MISSION_CONTROL_SMTP_URL/);
  const fixture = await OutboundFixture.open(context, { mail: { smtpUrl: "smtp://127.0.0.1:1", ca: "" } });
  for (const url of [
    "https://example.com/",
    "mailto:a@x.com,b@x.com",
    "mailto:ann",
    "mailto:a@x.com?cc=b@x.com",
  ]) {
    await assert.rejects(create(fixture, url), WebhookFieldError, url);
  }
  await assert.rejects(create(fixture, "mailto:ann@example.com", "slack"), WebhookFieldError);
  const { id, url } = await create(fixture, "mailto:ann@example.com");
  assert.equal(url, "mailto:ann@example.com");
  await assert.rejects(fixture.webhooks.update(id, { format: "event" }), WebhookFieldError);
});

test("mails come from the setting's address, or the user's, or one of the server itself", () => {
  const from = (environment: NodeJS.ProcessEnv) =>
    mailFromOf(
      readSettings({ environment: { MISSION_CONTROL_DATA_DIR: "/nowhere", ...environment } }),
      PUBLIC_URL,
    );
  const MISSION_CONTROL_SMTP_URL = "smtps://ann%40example.org:secret@smtp.example.org";
  assert.equal(from({ MISSION_CONTROL_SMTP_URL }), "ann@example.org");
  assert.equal(
    from({ MISSION_CONTROL_SMTP_URL, MISSION_CONTROL_MAIL_FROM: "mc@example.net" }),
    "mc@example.net",
  );
  assert.equal(
    from({ MISSION_CONTROL_SMTP_URL: "smtp://localhost:25?tls=off" }),
    "mission-control@mission.example.com",
  );
});
