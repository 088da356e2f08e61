import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DispatchPayload, JsonObject, SentFile } from "@mission-control/protocol";
import type { AgentTarget, RunEvent, SendContext } from "../../src/gateways/gateway.ts";
import {
  OpenClawGateway,
  type OpenClawGatewayOptions,
} from "../../src/gateways/openclaw/openclaw-gateway.ts";
import { FakeOpenClawGateway } from "./fake-openclaw-gateway.ts";

export const target: AgentTarget = {
  agentId: "agent_1",
  endpoint: { kind: "openclaw", agentId: "coder" },
};

export const payload: DispatchPayload = {
  version: 1,
  dispatchId: "d1",
  attempt: 1,
  task: {
    id: "t1",
    title: "Title",
    description: "",
    priority: "normal",
    tags: [],
    context: {},
    feedback: null,
  },
  agent: { id: "agent_1", name: "Coder", capabilities: [] },
  callback: {
    url: "http://127.0.0.1:1/cb",
    secret: "whsec_c2VjcmV0LW9mLXRoaXMtdGVzdC1hbG9uZSEh",
    scheme: "standard-webhooks",
  },
  dispatchedAt: "2026-11-23T10:00:00.000Z",
};

/** The session of that task. */
export const SESSION = "agent:coder:mission-control:t1";

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/** The adapter under test, a fake gateway for it, and all it reported. */
export class OpenClawFixture {
  fake: FakeOpenClawGateway;
  adapter!: OpenClawGateway;
  readonly events: RunEvent[] = [];
  readonly notes: JsonObject[] = [];
  /** The files of messages, by the messages' ids, as the store would keep them; null for some that it does not any more. */
  readonly files = new Map<string, SentFile[] | null>();
  readonly #identityDir = mkdtempSync(join(tmpdir(), "openclaw-fixture-"));
  #changed = Promise.withResolvers<void>();

  private constructor(fake: FakeOpenClawGateway) {
    this.fake = fake;
  }

  static async open(): Promise<OpenClawFixture> {
    return new OpenClawFixture(await FakeOpenClawGateway.listen());
  }

  start(options: Partial<OpenClawGatewayOptions> = {}): void {
    const changed = () => {
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    };
    this.adapter = new OpenClawGateway({
      id: "gw",
      url: this.fake.url,
      token: "shared",
      identityDir: this.#identityDir,
      logger: quiet,
      listener: {
        onRunEvent: (event) => {
          this.events.push(event);
          changed();
        },
        onStatusChange: changed,
      },
      backoff: { firstMs: 1, longestMs: 5 },
      ...options,
      times: { pollMs: 1, handOverMs: 5000, resultMs: 20, ...options.times },
    });
    this.adapter.start();
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await this.#changed.promise;
  }

  context(signal: AbortSignal = new AbortController().signal): SendContext {
    return {
      remember: async (note) => void this.notes.push(note),
      filesOf: async (messageId) => {
        const files = this.files.get(messageId);
        return files === undefined ? [] : files;
      },
      signal,
    };
  }

  async close(): Promise<void> {
    await this.adapter?.close();
    await this.fake.close();
    rmSync(this.#identityDir, { recursive: true });
  }
}
