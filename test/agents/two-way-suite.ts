import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type {
  ArtifactView,
  MessageMode,
  MessageView,
  TaskView,
  TranscriptPage,
} from "@mission-control/protocol";
import type { Runner } from "@mission-control/runner";
import { processesOf, until } from "../../packages/runner/test/processes.ts";
import { Repository } from "../../packages/runner/test/repository.ts";
import type { Grounds } from "./grounds.ts";
import type { Spoken } from "./spoken.ts";

const NOTHING_READ = /reads nothing more while it works/;

/** An image of one pixel. */
const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/** A file of each kind, by what the table calls it. */
function filesOf(name: string): Record<string, { name: string; mediaType: string; content: string }> {
  const content = Buffer.from(`${traceOf(name, "text")}\n`).toString("base64");
  return {
    text: { name: "notes.md", mediaType: "text/markdown", content },
    image: { name: "screen.png", mediaType: "image/png", content: PNG },
    other: { name: "data.bin", mediaType: "application/octet-stream", content: traceOf(name, "other") },
  };
}

/** What of a file is in the model's request. */
function traceOf(name: string, kind: string): string {
  if (kind === "image") return PNG;
  if (kind === "text") return `The notes for ${name}`;
  const bytes = Buffer.concat([Buffer.from([0xff, 0, 0xff]), Buffer.from(name.padEnd(30))]);
  return bytes.toString("base64");
}

/** What every agent is tried with that works in a repository and is spoken to meanwhile. */
export function twoWaySuite({ program, start, hears, tellsOutput }: Spoken, grounds: Grounds): void {
  const { control, model, folder, observations } = grounds;
  const home = join(folder, `${program.name.replaceAll(/\W+/g, "-")}-spoken-to`);
  const see = observations.see.bind(observations, program);
  /** The tool waits until something is written into it. */
  const gate = join(home, "gate");
  const waiting = `cat ${gate}`;
  let repository: Repository;
  let runner: Runner;

  before(async () => {
    mkdirSync(home, { recursive: true });
    execFileSync("mkfifo", [gate]);
    repository = new Repository(join(home, "repository"));
    runner = await start(`${program.name} in a repository`, home, repository.folder);
  });
  after(() => runner?.close());

  const dispatch = (script: string) => control().dispatch(runner.agentId, script);
  const ended = async (task: TaskView) => {
    const done = await control().reached(task.id, "completed", "failed");
    await until(() => runner.running.length === 0);
    return done;
  };
  const transcriptOf = async (task: TaskView) =>
    (await control().call<TranscriptPage>("GET", `/api/tasks/${task.id}/transcript?limit=200`)).items;

  test("a tool call is in the transcript with what went in and what came out", async () => {
    const done = await ended(await dispatch("RUN expr 40 + 2\nSAY Counted."));
    assert.equal(done.error, undefined);
    const entries = await transcriptOf(done);
    const about = ({ input, title }: { input?: unknown; title?: string | undefined }) =>
      `${JSON.stringify(input)} ${title}`.includes("expr 40");
    const call = entries.find((entry) => entry.kind === "tool" && about(entry));
    assert.ok(call?.kind === "tool", JSON.stringify(entries));
    assert.equal(call.state, "completed");
    if (tellsOutput) assert.match(call.output ?? "", /\b42\b/);
    else assert.equal(call.output, undefined);
    const said = entries.findLast((entry) => entry.kind === "message");
    assert.match((said?.kind === "message" && said.text) || "", /Counted\./);
    const parts = { title: call.title, input: call.input, output: call.output, "exit code": call.exitCode };
    see(
      "transcript",
      Object.entries(parts)
        .flatMap(([name, told]) => (told === undefined ? [] : name))
        .join(", "),
    );
  });

  test("what it changes comes back, and says between which commits", async () => {
    const done = await ended(await dispatch("RUN echo changed > changed.txt\nSAY Changed."));
    const { data = {} } =
      control().events.find(({ taskId, type }) => taskId === done.id && type === "complete") ?? {};
    assert.equal(data.base, repository.git("rev-parse", "main"));
    assert.deepEqual((data.diffstat as { files?: unknown }).files, [
      { path: "changed.txt", insertions: 1, deletions: 0 },
    ]);
    const { items } = await control().call<{ items: ArtifactView[] }>(
      "GET",
      `/api/tasks/${done.id}/artifacts`,
    );
    const patch = items.find(({ name }) => name === "change.patch");
    assert.ok(patch, JSON.stringify(items));
    const bytes = await control().bytes(`/api/tasks/${done.id}/artifacts/${patch.id}`);
    const clone = join(home, "clone");
    execFileSync("git", ["clone", "--quiet", repository.folder, clone]);
    execFileSync("git", ["apply"], { cwd: clone, input: bytes });
    assert.equal(readFileSync(join(clone, "changed.txt"), "utf8"), "changed\n");
    see("changes", "a patch that applies");
  });

  test("a message reaches the model in its next request", async () => {
    const task = await waitingTask();
    const message = await say(task, "SAY Steered.", "steer");
    if (hears === "no") return refused(task, message);
    if (hears === "turn") await reached(task, message, "taken_up");
    else await heard(task, message);
    release();
    const done = await ended(task);
    assert.match(done.summary ?? "", /Steered\./, done.error);
    assert.equal((await states(task)).get(message.id), "taken_up");
    // Not always the last one: some ask the model who is to speak next.
    assert.ok(model.bodies.some((body) => body.includes("SAY Steered.")));
    see("steer", hears === "turn" ? "into its turn" : "after its step or turn");
  });

  test("an interruption ends what it does", async () => {
    const task = await waitingTask();
    const message = await say(task, "ENOUGH\nSAY Interrupted.", "interrupt");
    if (hears === "no") return refused(task, message);
    const done = await ended(task);
    assert.match(done.summary ?? "", /Interrupted\./, done.error);
    assert.equal((await states(task)).get(message.id), "taken_up");
    assert.deepEqual(processesOf(waiting), []);
    see("interrupt", "yes");
  });

  test("a file that goes with a message is in the model's request, or the message is refused", async () => {
    const task = await waitingTask();
    const sent = new Map<string, MessageView>();
    for (const [kind, file] of Object.entries(filesOf(program.name))) {
      const body = { text: `SAY ${program.name} looked at the ${kind}.`, mode: "next", attachments: [file] };
      sent.set(kind, await control().call("POST", `/api/tasks/${task.id}/messages`, body));
    }
    release();
    const done = await ended(task);
    assert.equal(done.status, "completed", done.error);
    const { items } = await control().call<{ items: MessageView[] }>("GET", `/api/tasks/${task.id}/messages`);
    const carried: string[] = [];
    for (const [kind, { id }] of sent) {
      const { state, reason } = items.find((message) => message.id === id) ?? {};
      const seen = model.bodies.some((body) => {
        return (
          body.includes(`SAY ${program.name} looked at the ${kind}.`) &&
          body.includes(traceOf(program.name, kind))
        );
      });
      assert.deepEqual([kind, seen], [kind, state === "taken_up"], `${state} ${reason}`);
      if (seen) carried.push(kind);
      else assert.match(reason ?? "", hears === "no" ? NOTHING_READ : /takes no files like/);
    }
    see("files", carried.length > 0 ? carried.join(", ") : "refused, in words");
  });

  /** A task whose tool waits, so that there is a turn to speak into. */
  async function waitingTask(): Promise<TaskView> {
    const task = await dispatch(`RUN ${waiting}\nSAY Undisturbed.`);
    await until(() => processesOf(waiting).length > 0);
    return task;
  }

  /** Lets the tool that waits go on. For reading too, or it would wait for a reader. */
  function release(): void {
    const file = openSync(gate, constants.O_RDWR | constants.O_NONBLOCK);
    writeSync(file, "go on\n");
    // A reader that opens it only now finds it empty; the last writer's end is its end.
    closeSync(file);
  }

  function say(task: TaskView, text: string, mode: MessageMode): Promise<MessageView> {
    return control().call("POST", `/api/tasks/${task.id}/messages`, { text, mode });
  }

  async function states(task: TaskView): Promise<Map<string, string>> {
    const { items } = await control().call<{ items: MessageView[] }>("GET", `/api/tasks/${task.id}/messages`);
    return new Map(items.map(({ id, state }) => [id, state]));
  }

  async function reached(task: TaskView, { id }: MessageView, state: string): Promise<void> {
    await control().event(
      task.id,
      ({ type, data }) => type === "message" && data.messageId === id && data.state === state,
    );
  }

  /** Resolves when the agent's side has it, whatever it does with it. */
  async function heard(task: TaskView, { id }: MessageView): Promise<void> {
    await control().event(
      task.id,
      ({ type, data }) => type === "message" && data.messageId === id && data.state !== "sending",
    );
  }

  async function refused(task: TaskView, message: MessageView): Promise<void> {
    await reached(task, message, "refused");
    const { items } = await control().call<{ items: MessageView[] }>("GET", `/api/tasks/${task.id}/messages`);
    assert.match(items.at(-1)?.reason ?? "", NOTHING_READ);
    release();
    assert.match((await ended(task)).summary ?? "", /Undisturbed\./);
    see(message.mode === "interrupt" ? "interrupt" : "steer", "refused, in words");
  }
}
