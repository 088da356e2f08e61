import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { SentFile } from "@mission-control/protocol";
import { AdapterProbe, payload, target } from "./adapter-probe.ts";
import { GatewayProcess } from "./gateway-process.ts";
import { PNG } from "./images.ts";
import { StubModel } from "./stub-model.ts";

const model = new StubModel();
let gateway: GatewayProcess;

before(async () => {
  gateway = await GatewayProcess.start(await model.listen());
});

after(async () => {
  await gateway?.close();
  await model.close();
});

function fileOf(name: string, mediaType: string, bytes: Buffer): SentFile {
  return { name, mediaType, size: bytes.length, content: bytes.toString("base64") };
}

const png = fileOf("screen.png", "image/png", Buffer.from(PNG, "base64"));
const notes = fileOf("notes.md", "text/markdown", Buffer.from("# FROM-THE-NOTES\n"));
const pdf = fileOf("report.pdf", "application/pdf", Buffer.from("%PDF-1.4\n%\xff\xff\xff\xff\n", "latin1"));

/** Writes a message with files to an agent at work, has its turn end, and gives what the gateway answered and the end. */
async function told(key: string, files: SentFile[], agentId = "coder") {
  const probe = new AdapterProbe({ url: gateway.url, token: gateway.token });
  try {
    const sent = payload(key, [{ hold: key }, { say: "Done." }]);
    await probe.state("connected");
    await probe.adapter.dispatch(target(agentId), sent, probe.context(sent.dispatchId));
    await model.held(key);
    const message = { id: "m1", text: `SEE-THESE-${key}`, mode: "next", attachments: files } as const;
    probe.files.set("m1", files);
    const send = () =>
      probe.adapter.sendMessage(target(agentId), sent, message, probe.context(sent.dispatchId));
    const outcome = await send();
    // As after a crash before its delivery was written.
    if (outcome.state === "delivered") assert.equal((await send()).state, "delivered");
    model.release(key);
    const end = await probe.end(sent.dispatchId);
    assert.deepEqual(end.kind === "ended" && [end.outcome, end.text], ["completed", "Done."]);
    return outcome;
  } finally {
    await probe.close();
  }
}

test("an image and a text that go with a message are in the model's next request", async () => {
  assert.deepEqual(await told("files", [png, notes]), { state: "delivered" });
  await model.told("SEE-THESE-files");
  await model.told("# FROM-THE-NOTES");
  await model.told(`data:image/png;base64,${png.content}`);
  assert.equal(model.timesTaken("files", 1), 2, "one turn for the task, one for the message");
});

for (const { what, agentId, files, reason } of [
  {
    what: "a PDF",
    agentId: "coder",
    files: [notes, pdf],
    reason: /report\.pdf.*\(application\/pdf\).*not supported/,
  },
  {
    what: "an image for a model without eyes",
    agentId: "reader",
    files: [png],
    reason: /does not accept image/,
  },
]) {
  test(`${what} is refused in the gateway's words, and the turn under way goes on`, async () => {
    const key = what.replaceAll(" ", "-");
    const outcome = await told(key, files, agentId);
    assert.equal(outcome.state, "refused");
    assert.match(outcome.reason ?? "", reason);
    assert.equal(model.timesTaken(key, 1), 1, "there was no turn for the message");
  });
}
