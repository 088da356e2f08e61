import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { AgentView, CreateTask, DispatchPayload } from "@mission-control/protocol";
import { AgentDirectory } from "../../src/agents/agent-directory.ts";
import { AgentEditor } from "../../src/agents/agent-editor.ts";
import { Dispatcher } from "../../src/dispatch/dispatcher.ts";
import type {
  AgentMessage,
  DispatchOutcome,
  DispatchRef,
  EarlierSend,
  GatewayAdapter,
  MessageOutcome,
  PermissionAnswer,
  Reachability,
  SendContext,
} from "../../src/gateways/gateway.ts";
import { openContentFolder } from "../../src/store/content-folder.ts";
import type { Contents } from "../../src/store/contents.ts";
import type { Store } from "../../src/store/store.ts";
import type { TaskChange } from "../../src/tasks/change.ts";
import { callback, createTask } from "../conformance/engine.ts";
import { LapsingLeases } from "./lapsing-leases.ts";
import { openTestStore } from "./test-store.ts";

type Sending = { payload: DispatchPayload; context: SendContext; earlier: EarlierSend | null };

/** A gateway whose every answer is the test's: for what a real one does only by chance. */
export class ScriptedGateway implements GatewayAdapter {
  readonly calls: string[] = [];
  readonly payloads: DispatchPayload[] = [];
  onSend: (sending: Sending) => Promise<DispatchOutcome> = async () => ({ kind: "accepted" });
  onCancel: () => Promise<void> = async () => {};
  onAnswer: (answer: PermissionAnswer) => Promise<void> = async () => {};
  onMessage: (message: AgentMessage) => Promise<MessageOutcome> = async () => ({ state: "delivered" });
  state: Reachability | null = { status: "online" };

  dispatch(_target: unknown, payload: DispatchPayload, context: SendContext): Promise<DispatchOutcome> {
    this.calls.push(`dispatch ${payload.dispatchId}`);
    this.payloads.push(payload);
    return this.onSend({ payload, context, earlier: null });
  }

  resume(_target: unknown, payload: DispatchPayload, earlier: EarlierSend, context: SendContext) {
    this.calls.push(`resume ${payload.dispatchId} accepted=${earlier.accepted}`);
    this.payloads.push(payload);
    return this.onSend({ payload, context, earlier });
  }

  async cancel(_target: unknown, { dispatchId }: DispatchRef): Promise<void> {
    this.calls.push(`cancel ${dispatchId}`);
    await this.onCancel();
  }

  async answerPermission(_: unknown, { dispatchId }: DispatchPayload, answer: PermissionAnswer) {
    this.calls.push(`answer ${dispatchId} ${answer.requestId}=${answer.optionId}`);
    await this.onAnswer(answer);
  }

  sendMessage(_: unknown, { dispatchId }: DispatchPayload, message: AgentMessage): Promise<MessageOutcome> {
    this.calls.push(`message ${dispatchId} ${message.text}`);
    return this.onMessage(message);
  }

  reachability(_target: unknown): Reachability | null {
    return this.state;
  }

  async close(): Promise<void> {}
}

/** What dispatches at one node, and the agents' side as that node reaches it. */
class DispatchNode {
  contents!: Contents;
  readonly gateway = new ScriptedGateway();
  /** Who reaches the agents; null when the gateway is gone. */
  adapter: GatewayAdapter | null = this.gateway;
  /** Whether this node is one that reaches the agents. */
  reaches = true;
  /** Why a budget refuses every new attempt; null while none does. */
  overBudget: string | null = null;
  readonly errors: unknown[] = [];
  agents!: AgentDirectory;
  agentEditor!: AgentEditor;
  dispatcher!: Dispatcher;

  /** @param before what is done when everything is there and the dispatcher has not started yet */
  async begin(
    store: Store,
    graceMs: number,
    before?: (dispatcher: Dispatcher) => Promise<void>,
  ): Promise<void> {
    const now = () => new Date();
    const agents = await AgentDirectory.open({
      store,
      now,
      reachability: (target) => (this.adapter ? this.adapter.reachability(target) : { status: "unknown" }),
    });
    const dispatcher = new Dispatcher({
      store,
      agents,
      adapterFor: () => this.adapter,
      reachesHere: async () => this.reaches,
      contents: this.contents,
      budgets: { refusal: async () => this.overBudget },
      logger: { debug() {}, info() {}, warn() {}, error: (fields) => void this.errors.push(fields) },
      metrics: { dispatch() {} },
      publicUrl: () => "http://127.0.0.1:4000",
      serverKey: Buffer.alloc(32),
      graceMs,
      resumePauseMs: 1,
      storePauseMs: 1,
    });
    Object.assign(this, { agents, agentEditor: new AgentEditor({ store, agents, now }), dispatcher });
    await before?.(dispatcher);
    await dispatcher.start();
  }

  async end(): Promise<void> {
    await this.dispatcher.close();
    this.agents.close();
  }
}

/** A dispatcher over a real store, which can be stopped or crash and start again, and more nodes beside it. */
export class DispatchFixture extends DispatchNode {
  store!: Store;
  leases!: LapsingLeases;
  readonly #others: DispatchNode[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), "mission-control-dispatch-"));
  readonly #graceMs: number;
  #tasks = 0;

  static async open(context: TestContext, graceMs = 60_000): Promise<DispatchFixture> {
    const fixture = new DispatchFixture(graceMs);
    await fixture.start();
    context.after(() => fixture.close());
    return fixture;
  }

  private constructor(graceMs: number) {
    super();
    this.#graceMs = graceMs;
  }

  /** @param before what is done when everything is there and the dispatcher has not started yet */
  async start(before?: (dispatcher: Dispatcher) => Promise<void>): Promise<void> {
    this.store = openTestStore({ folder: this.#folder });
    this.contents = await openContentFolder(this.#folder);
    this.leases = new LapsingLeases(this.store);
    await this.begin(this.leases.node(), this.#graceMs, before);
  }

  /** One more node on the same store, closed with this one. */
  async addNode(): Promise<DispatchNode> {
    const node = new DispatchNode();
    node.contents = this.contents;
    this.#others.push(node);
    await node.begin(this.leases.node(), this.#graceMs);
    return node;
  }

  /** Stops in order, and starts again. */
  async restart(): Promise<void> {
    await this.end();
    await this.store.close();
    await this.start();
  }

  /** Dies as by a SIGKILL, as far as the store can tell, and starts again. */
  async crash(before?: (dispatcher: Dispatcher) => Promise<void>): Promise<void> {
    const dead = this.dispatcher;
    await this.store.close();
    // It can write nothing any more; without this it would try to for ever.
    void dead.close();
    await this.start(before);
  }

  async close(): Promise<void> {
    for (const node of [...this.#others, this]) await node.end();
    await this.store.close();
    rmSync(this.#folder, { recursive: true });
  }

  async agent(concurrency = 1, url = "http://127.0.0.1:1/"): Promise<string> {
    const endpoint = { kind: "http" as const, url };
    const fields = { name: "Agent", capabilities: [], concurrency, endpoint };
    const { agent } = await this.agentEditor.create(fields);
    return agent.id;
  }

  async task(fields: Partial<CreateTask> = {}): Promise<string> {
    const taskId = `task_${++this.#tasks}`;
    await this.store.change(createTask(taskId, fields));
    return taskId;
  }

  /** An agent as the view shows it, once that has followed all that is in the log. */
  async view(agentId: string): Promise<AgentView | null> {
    await this.agents.reached((await this.store.range()).newest);
    return this.agents.get(agentId);
  }

  /** The state of a task and its last attempt, in two words. */
  async state(taskId: string): Promise<string> {
    const [task, attempts] = await Promise.all([this.store.task(taskId), this.store.attemptsOf(taskId)]);
    return `${task?.status} ${attempts.at(-1)?.state}`;
  }

  async report(taskId: string, type: "progress" | "complete" | "error"): Promise<void> {
    const task = await this.store.task(taskId);
    await this.store.change(callback(taskId, task?.agentId ?? "", { type }));
  }

  change(change: TaskChange) {
    return this.store.change(change);
  }

  async until(condition: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await condition())) await nextTurn();
  }

  untilState(taskId: string, state: string): Promise<void> {
    return this.until(async () => (await this.state(taskId)) === state);
  }
}
