import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DispatchPayload, JsonObject, SentFile } from "@mission-control/protocol";
import type { AgentTarget, RunEvent, SendContext } from "../../packages/server/src/gateways/gateway.ts";
import {
  OpenClawGateway,
  type OpenClawGatewayOptions,
} from "../../packages/server/src/gateways/openclaw/openclaw-gateway.ts";
import { type Step, scriptText } from "./stub-model.ts";

/** The secret of every dispatch in these tests; must not be seen in any event. */
export const SECRET = "whsec_c2VjcmV0LW9mLXRoaXMtdGVzdC1hbG9uZSEh";

type Waiter = { matches: (event: RunEvent) => boolean; resolve: (event: RunEvent) => void };

/** An adapter under test, and everything it reported. */
export class AdapterProbe {
  readonly adapter: OpenClawGateway;
  readonly events: RunEvent[] = [];
  readonly logs: string[] = [];
  /** The adapter's notes, by dispatch id, as the store would keep them. */
  readonly notes = new Map<string, JsonObject>();
  /** The files of messages, by the messages' ids, as the store would keep them; null for some that it does not any more. */
  readonly files = new Map<string, SentFile[] | null>();
  readonly #folder = mkdtempSync(join(tmpdir(), "mission-control-identity-"));
  #waiters: Waiter[] = [];
  #statusWaiters: (() => void)[] = [];

  constructor(options: Pick<OpenClawGatewayOptions, "url"> & Partial<OpenClawGatewayOptions>) {
    const log = (fields: object, message: string) => {
      this.logs.push(`${message} ${JSON.stringify(fields)}`);
    };
    this.adapter = new OpenClawGateway({
      id: "gateway_1",
      identityDir: this.#folder,
      logger: { debug: log, info: log, warn: log, error: log },
      listener: {
        onRunEvent: (event) => this.#onRunEvent(event),
        onStatusChange: () => {
          for (const wake of this.#statusWaiters.splice(0)) wake();
        },
      },
      // A run that its gateway does not take up is told as lost before the time of a test is over.
      times: { recoveryMs: 5 * 60_000 },
      ...options,
    });
    this.adapter.start();
  }

  /** Resolves when the connection is in this state. */
  async state(state: string): Promise<void> {
    while (this.adapter.state().state !== state) {
      await new Promise<void>((resolve) => this.#statusWaiters.push(resolve));
    }
  }

  context(dispatchId: string, signal: AbortSignal = new AbortController().signal): SendContext {
    return {
      remember: async (note) => {
        this.notes.set(dispatchId, note);
      },
      filesOf: async (messageId) => {
        const files = this.files.get(messageId);
        return files === undefined ? [] : files;
      },
      signal,
    };
  }

  /** Hands a dispatch over once there is a connection; the gateway has to take it. */
  async handOver(sent: DispatchPayload): Promise<void> {
    await this.state("connected");
    const outcome = await this.adapter.dispatch(target(), sent, this.context(sent.dispatchId));
    assert.deepEqual(outcome, { kind: "accepted" });
  }

  /** Resolves with the first event, past or to come, that matches. */
  event(matches: (event: RunEvent) => boolean): Promise<RunEvent> {
    const past = this.events.find(matches);
    if (past) return Promise.resolve(past);
    return new Promise((resolve) => this.#waiters.push({ matches, resolve }));
  }

  /** Resolves with the event that ended a dispatch. */
  end(dispatchId: string): Promise<RunEvent> {
    return this.event((event) => event.dispatchId === dispatchId && isEnd(event));
  }

  /** Every event of a dispatch that says it is over. */
  ends(dispatchId: string): RunEvent[] {
    return this.events.filter((event) => event.dispatchId === dispatchId && isEnd(event));
  }

  messages(dispatchId: string): string[] {
    return this.events.flatMap((event) =>
      event.dispatchId === dispatchId && event.kind === "activity" ? (event.message ?? []) : [],
    );
  }

  /** The parts of entries that were told of a dispatch. */
  entries(dispatchId: string): JsonObject[] {
    return this.events.flatMap((event) => {
      const entry = event.dispatchId === dispatchId && event.kind === "activity" && event.data.entry;
      return entry ? [entry as JsonObject] : [];
    });
  }

  async close(): Promise<void> {
    await this.adapter.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #onRunEvent(event: RunEvent): void {
    this.events.push(event);
    const ready = this.#waiters.filter(({ matches }) => matches(event));
    this.#waiters = this.#waiters.filter((waiter) => !ready.includes(waiter));
    for (const { resolve } of ready) resolve(event);
  }
}

function isEnd({ kind }: RunEvent): boolean {
  return kind === "ended" || kind === "lost";
}

export function target(agentId = "coder"): AgentTarget {
  return { agentId: "agent_1", endpoint: { kind: "openclaw", agentId } };
}

/** The id of the dispatch with a key; like the server's own, with capitals, which gateways do not keep everywhere. */
export function dispatchIdOf(key: string): string {
  return `dispatch_01KEY_${key}`;
}

/** The dispatch of a task whose agent follows these steps. The key names task, dispatch and script. */
export function payload(key: string, steps: Step[]): DispatchPayload {
  return {
    version: 1,
    dispatchId: dispatchIdOf(key),
    attempt: 1,
    task: {
      id: `task_01KEY_${key}`,
      title: `Task ${key}`,
      description: scriptText(key, steps),
      priority: "normal",
      tags: [],
      context: {},
      feedback: null,
    },
    agent: { id: "agent_1", name: "Coder", capabilities: [] },
    callback: {
      url: `http://127.0.0.1:9/api/webhooks/callback/${dispatchIdOf(key)}`,
      secret: SECRET,
      scheme: "standard-webhooks",
    },
    dispatchedAt: new Date().toISOString(),
  };
}
