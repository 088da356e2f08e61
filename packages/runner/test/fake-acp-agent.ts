// An ACP agent without a model: each line of the prompt is a step. It speaks the real protocol over stdio, and tests
// can make it do what real agents do rarely: die, hang, leave processes behind.
import { spawn } from "node:child_process";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { Readable, Writable } from "node:stream";
import {
  type AgentContext,
  agent,
  methods,
  ndJsonStream,
  PROTOCOL_VERSION,
  RequestError,
  type RequestPermissionRequest,
  type RequestPermissionResponse,
  type SessionUpdate,
  type StopReason,
} from "@agentclientprotocol/sdk";

const {
  FAKE_LOG = "/dev/null",
  FAKE_DIES_AT_START = "",
  /** What it calls itself. */
  FAKE_NAME = "",
  /** Its modes, comma-separated; the first is the one it starts in. */
  FAKE_MODES = "default,auto",
  /** Tells its modes as a config option. */
  FAKE_CONFIG_MODES = "",
  /** A method it never answers. */
  FAKE_SILENT = "",
  /** Takes messages into a turn under way (`_session/steering`). */
  FAKE_STEERS = "",
  /** A way to log in, without which it opens no session. */
  FAKE_AUTH = "",
} = process.env;
const modeIds = FAKE_MODES.split(",").filter(Boolean);
const [currentModeId = ""] = modeIds;
const modeOption = {
  id: "mode",
  name: "Mode",
  category: "mode",
  type: "select" as const,
  currentValue: currentModeId,
  options: modeIds.map((value) => ({ value, name: value })),
};
const opened = FAKE_CONFIG_MODES
  ? { configOptions: [modeOption] }
  : { modes: { currentModeId, availableModes: modeIds.map((id) => ({ id, name: id })) } };
let loggedIn = FAKE_AUTH === "";
const log = (text: string) => appendFileSync(FAKE_LOG, `${text}\n`);

if (FAKE_DIES_AT_START) {
  const left = Number(readFileSync(FAKE_DIES_AT_START, "utf8"));
  writeFileSync(FAKE_DIES_AT_START, String(left - 1));
  if (left > 0) {
    console.error("no licence server");
    process.exit(7);
  }
}

let cancel = () => {};
/** What a step waits for: a message into the turn under way. */
let steered: ((text: string) => void) | undefined;
let calls = 0;

/** Answers, unless this is what it is to be silent about. */
function answer<T>(method: string, value: T): T | Promise<never> {
  if (method !== FAKE_SILENT) return value;
  log(`silent ${method}`);
  return new Promise<never>(() => setInterval(() => {}, 1000));
}

agent({ name: "fake" })
  .onRequest(methods.agent.initialize, () =>
    answer("initialize", {
      protocolVersion: PROTOCOL_VERSION,
      agentCapabilities: { loadSession: true },
      ...(FAKE_NAME && { agentInfo: { name: FAKE_NAME, version: "1" } }),
      ...(FAKE_STEERS && { _meta: { steering: { supported: true } } }),
      authMethods: FAKE_AUTH ? [{ id: FAKE_AUTH, name: "Key", description: "Use a key" }] : [],
    }),
  )
  .onRequest(methods.agent.authenticate, ({ params }) => {
    log(`authenticate ${params.methodId}`);
    loggedIn = true;
    return {};
  })
  .onRequest(methods.agent.session.new, ({ params }) => {
    if (!loggedIn) throw RequestError.authRequired();
    log(`new ${params.cwd}`);
    return answer("session/new", { sessionId: "session-1", ...opened });
  })
  .onRequest(methods.agent.session.setConfigOption, ({ params }) => {
    log(`option ${params.configId} ${String(params.value)}`);
    return { configOptions: [modeOption] };
  })
  .onRequest(methods.agent.session.setMode, ({ params }) => {
    log(`mode ${params.modeId}`);
    return {};
  })
  .onRequest(methods.agent.session.load, async ({ params, client }) => {
    log(`load ${params.sessionId}`);
    const content = { type: "text" as const, text: "history, which is not news" };
    await client.notify(methods.client.session.update, {
      sessionId: params.sessionId,
      update: { sessionUpdate: "agent_message_chunk", content },
    });
    return opened;
  })
  .onRequest(methods.agent.session.prompt, async ({ params, client }) => {
    const { sessionId } = params;
    const text = params.prompt.map((block) => (block.type === "text" ? block.text : "")).join("");
    log(`prompt ${JSON.stringify(text)}`);
    const cancelled = new Promise<StopReason>((resolve) => {
      cancel = () => resolve("cancelled");
    });
    const update = (update: SessionUpdate) =>
      client.notify(methods.client.session.update, { sessionId, update });
    for (const line of text.split("\n")) {
      const [step = "", ...rest] = line.split(" ");
      const stop = await perform(step, rest.join(" "), { sessionId, client, update, cancelled });
      if (stop) return { stopReason: stop, usage: { inputTokens: 120, outputTokens: 30, totalTokens: 150 } };
    }
    return { stopReason: "end_turn", usage: { inputTokens: 120, outputTokens: 30, totalTokens: 150 } };
  })
  .onRequest(
    "_session/steering",
    (params) => params as { prompt: { text: string }[] },
    ({ params }) => {
      const text = params.prompt.map((block) => block.text).join("");
      log(`steer ${JSON.stringify(text)} ${steered ? "in a turn" : "too late"}`);
      steered?.(text);
      return { outcome: steered ? "injected" : "promptRequired" };
    },
  )
  .onNotification(methods.agent.session.cancel, () => {
    log("cancel");
    cancel();
  })
  .connect(
    ndJsonStream(Writable.toWeb(process.stdout), Readable.toWeb(process.stdin) as ReadableStream<Uint8Array>),
  );

interface StepContext {
  sessionId: string;
  client: AgentContext;
  update: (update: SessionUpdate) => Promise<void>;
  cancelled: Promise<StopReason>;
}

async function perform(
  step: string,
  argument: string,
  { sessionId, client, update, cancelled }: StepContext,
): Promise<StopReason | undefined> {
  const toolCallId = `call-${++calls}`;
  switch (step) {
    case "SAY":
      for (const piece of argument.split(/(?<= )/)) {
        await update({ sessionUpdate: "agent_message_chunk", content: { type: "text", text: piece } });
      }
      return;
    case "TOOL":
      await update({
        sessionUpdate: "tool_call",
        toolCallId,
        title: argument,
        kind: "execute",
        status: "pending",
      });
      await update({ sessionUpdate: "tool_call_update", toolCallId, status: "completed" });
      return;
    case "BADTOOL": {
      const content = [
        { type: "content" as const, content: { type: "text" as const, text: "no such file" } },
      ];
      await update({ sessionUpdate: "tool_call", toolCallId, title: argument, status: "pending" });
      await update({ sessionUpdate: "tool_call_update", toolCallId, status: "failed", content });
      return;
    }
    case "PLAN": {
      const [done, ...steps] = argument.split(",");
      const entries = steps.map((content, index) => ({
        content,
        priority: "medium" as const,
        status: index < Number(done) ? ("completed" as const) : ("pending" as const),
      }));
      await update({ sessionUpdate: "plan", entries });
      return;
    }
    case "COST":
      await update({
        sessionUpdate: "usage_update",
        used: 1,
        size: 2,
        cost: { amount: Number(argument), currency: "USD" },
      });
      return;
    case "ASK": {
      const [kind, title = ""] = argument.split(":");
      const answer = await client.request(methods.client.session.requestPermission, {
        sessionId,
        toolCall: { toolCallId, title, kind: kind === "read" ? "read" : "execute" },
        options: [
          { optionId: "yes", name: "Allow", kind: "allow_once" },
          { optionId: "no", name: "Reject", kind: "reject_once" },
        ],
      });
      const chosen = answer.outcome.outcome === "selected" ? answer.outcome.optionId : "cancelled";
      await update({
        sessionUpdate: "agent_message_chunk",
        content: { type: "text", text: `answer: ${chosen}` },
      });
      return;
    }
    case "ASK_SHORTLY": {
      // Asks, and waits no longer once something is said to it.
      const waiting = new AbortController();
      const request: RequestPermissionRequest = {
        sessionId,
        toolCall: { toolCallId, title: argument, kind: "execute" },
        options: [{ optionId: "yes", name: "Allow", kind: "allow_once" }],
      };
      const answer = client.request<RequestPermissionResponse, RequestPermissionRequest>(
        methods.client.session.requestPermission,
        request,
        { cancellationSignal: waiting.signal },
      );
      steered = () => waiting.abort();
      const outcome = await answer.then(
        ({ outcome }) => outcome.outcome,
        () => "gave up",
      );
      steered = undefined;
      await update({ sessionUpdate: "agent_message_chunk", content: { type: "text", text: outcome } });
      return;
    }
    case "UPDATE": // Any update, as JSON, also one the SDK does not know.
      await update(JSON.parse(argument) as SessionUpdate);
      return;
    case "OTHER": // Something of another session.
      await client.notify(methods.client.session.update, {
        sessionId: "session-2",
        update: { sessionUpdate: "agent_message_chunk", content: { type: "text", text: argument } },
      });
      return;
    case "REQUEST":
    case "REQUEST_QUIETLY": {
      // A request for permission as the agent likes, and what was chosen, unless quietly.
      const request = JSON.parse(argument) as { toolCall?: object; options: [] };
      const { outcome } = (await client.request(methods.client.session.requestPermission, {
        sessionId,
        ...request,
        toolCall: { toolCallId, ...request.toolCall },
      })) as { outcome: { outcome: string; optionId?: string } };
      if (step === "REQUEST_QUIETLY") return;
      const text = `chosen: ${outcome.optionId ?? outcome.outcome}`;
      await update({ sessionUpdate: "agent_message_chunk", content: { type: "text", text } });
      return;
    }
    case "FORM": {
      const answer = await client.request(methods.client.elicitation.create, {
        sessionId,
        message: "Which?",
        mode: "form",
        requestedSchema: JSON.parse(argument),
      });
      await update({
        sessionUpdate: "agent_message_chunk",
        content: { type: "text", text: JSON.stringify(answer) },
      });
      return;
    }
    case "SPAWN": {
      // A tool in a session of its own, as Claude Code starts its shells.
      const [tool = "", ...words] = argument.split(" ");
      spawn(tool, words, { detached: true, stdio: "ignore" });
      return;
    }
    case "LISTEN": {
      // Until something is said to it, or for ever where it does not listen in the middle of a turn.
      const text = await new Promise<string>((resolve) => {
        steered = resolve;
      });
      steered = undefined;
      await update({
        sessionUpdate: "agent_message_chunk",
        content: { type: "text", text: `heard: ${text}` },
      });
      return;
    }
    case "HANG":
      return cancelled;
    case "DEAF": // Does not listen to cancel.
      return new Promise(() => setInterval(() => {}, 1000));
    case "DIE":
      console.error("out of memory");
      process.kill(process.pid, "SIGKILL");
      return new Promise(() => {});
    case "ERROR":
      throw RequestError.internalError(JSON.parse(argument));
    case "STOP":
      return argument as StopReason;
    default:
      return;
  }
}
