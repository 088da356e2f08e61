import { basename } from "node:path";
import { Readable, Writable } from "node:stream";
import {
  type AnyMessage,
  type ClientConnection,
  type ContentBlock,
  type CreateElicitationResponse,
  client,
  type InitializeResponse,
  type LoadSessionResponse,
  methods,
  type NewSessionResponse,
  ndJsonStream,
  PROTOCOL_VERSION,
  type PromptCapabilities,
  type PromptResponse,
  type RequestPermissionResponse,
  type ResumeSessionResponse,
  type SessionUpdate,
} from "@agentclientprotocol/sdk";
import type { Clock } from "@mission-control/agent";
import { describeExit, ProcessGroup } from "../process-group.ts";
import { AgentRefusedError, ProgramDiedError, RunFailedError } from "../program.ts";
import { type ElicitationParams, elicitationParams } from "./elicitation.ts";
import { type KnownAgent, knownAgent } from "./known-agents.ts";
import type { Modes } from "./modes.ts";
import { type PermissionParams, permissionParams } from "./permission-request.ts";
import { requestFailure } from "./request-failure.ts";

/** How long an agent may take to answer what comes before the prompt; it may have to be downloaded first. */
const ANSWER_LIMIT_MS = 120_000;
/** The same for a log-in, which may wait for a person. */
const LOG_IN_LIMIT_MS = 300_000;

export interface AcpAgentOptions {
  command: readonly string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  clock: Clock;
  /** Names the run; see {@link ProcessGroup}. */
  mark: string;
  /** Updates of any session come here as they are. */
  onUpdate: (sessionId: string, update: SessionUpdate) => void;
  /** @param signal aborted when the agent waits no longer for the answer (`$/cancel_request`) */
  onPermission: (request: PermissionParams, signal: AbortSignal) => Promise<RequestPermissionResponse>;
  /** Fills in its forms, with the same signal; without it, the agent is answered that nobody does. */
  onForm?: ((form: ElicitationParams, signal: AbortSignal) => Promise<CreateElicitationResponse>) | undefined;
}

const STEERING = "_session/steering";

/** What an agent answers when a session is opened. */
export type OpenedSession = Pick<NewSessionResponse, "modes" | "configOptions">;

/** An agent that speaks the Agent Client Protocol over its stdin and stdout, in a process group of its own. */
export class AcpAgent {
  readonly #program: string;
  readonly #group: ProcessGroup;
  readonly #connection: ClientConnection;
  readonly #clock: Clock;
  readonly #fillsInForms: boolean;
  #about: InitializeResponse | undefined;

  constructor(options: AcpAgentOptions) {
    this.#program = basename(options.command[0] ?? "");
    this.#clock = options.clock;
    this.#fillsInForms = options.onForm !== undefined;
    this.#group = new ProcessGroup(options.command, options);
    const { stdin, stdout } = this.#group.child;
    const stream = ndJsonStream(Writable.toWeb(stdin), Readable.toWeb(stdout) as ReadableStream<Uint8Array>);
    this.#connection = client({ name: "mission-control" })
      .onRequest(methods.client.session.requestPermission, permissionParams, ({ params, signal }) =>
        options.onPermission(params, signal),
      )
      .onRequest(methods.client.elicitation.create, elicitationParams, async ({ params, signal }) =>
        options.onForm ? options.onForm(params, signal) : { action: "cancel" as const },
      )
      .connect({ ...stream, readable: stream.readable.pipeThrough(takeUpdates(options.onUpdate)) });
  }

  /** What it calls itself, once it has; else its program's name. */
  get name(): string {
    return this.#about?.agentInfo?.name || this.#program;
  }

  /** What is known of it beyond the protocol. */
  get known(): KnownAgent | undefined {
    return knownAgent(this.name);
  }

  /** Shakes hands, and logs in where a way is named. Must be the first call. @throws AgentRefusedError */
  async initialize(authMethod?: string): Promise<void> {
    const { agent } = this.#connection;
    this.#about = await this.#answer<InitializeResponse>(
      methods.agent.initialize,
      agent.request(methods.agent.initialize, {
        protocolVersion: PROTOCOL_VERSION,
        clientCapabilities: {
          fs: { readTextFile: false, writeTextFile: false },
          terminal: false,
          // Warnings and errors of the program then come apart from the model's words.
          session: { notices: {} },
          ...(this.#fillsInForms && { elicitation: { form: {} } }),
        },
        clientInfo: { name: "mission-control", version: "0.1.0" },
      }),
    );
    if (authMethod === undefined) return;
    const { authMethods = [] } = this.#about;
    if (!authMethods.some(({ id }) => id === authMethod)) {
      const known = authMethods.map(({ id }) => id).join(", ");
      throw new AgentRefusedError(
        `${this.name} has no way to log in called "${authMethod}"; it has: ${known || "none"}.`,
      );
    }
    const { authenticate } = methods.agent;
    await this.#answer(authenticate, agent.request(authenticate, { methodId: authMethod }), LOG_IN_LIMIT_MS);
  }

  async newSession(cwd: string): Promise<OpenedSession & { sessionId: string }> {
    const method = methods.agent.session.new;
    return this.#answer(method, this.#connection.agent.request(method, { cwd, mcpServers: [] }));
  }

  /** Takes up an earlier session. @returns `undefined` where it cannot */
  async continueSession(sessionId: string, cwd: string): Promise<OpenedSession | undefined> {
    const { sessionCapabilities, loadSession } = this.#about?.agentCapabilities ?? {};
    if (!sessionCapabilities?.resume && !loadSession) return undefined;
    const { resume, load } = methods.agent.session;
    const params = { sessionId, cwd, mcpServers: [] };
    const { agent } = this.#connection;
    try {
      return sessionCapabilities?.resume
        ? await this.#answer<ResumeSessionResponse>(resume, agent.request(resume, params))
        : await this.#answer<LoadSessionResponse>(load, agent.request(load, params));
    } catch (error) {
      if (error instanceof ProgramDiedError) throw error;
      return undefined; // It no longer knows the session.
    }
  }

  /** Puts a session into a mode: agents start in their own again each time. */
  async setMode(sessionId: string, modes: Modes, mode: string): Promise<void> {
    const { setMode, setConfigOption } = methods.agent.session;
    const { agent } = this.#connection;
    await (modes.configId === undefined
      ? this.#answer(setMode, agent.request(setMode, { sessionId, modeId: mode }))
      : this.#answer(
          setConfigOption,
          agent.request(setConfigOption, { sessionId, configId: modes.configId, value: mode }),
        ));
  }

  /** What a prompt may hold beside text. */
  get takes(): PromptCapabilities {
    return this.#about?.agentCapabilities?.promptCapabilities ?? {};
  }

  prompt(sessionId: string, prompt: ContentBlock[]): Promise<PromptResponse> {
    const method = methods.agent.session.prompt;
    // For as long as the task may take.
    return this.#answer(method, this.#connection.agent.request(method, { sessionId, prompt }), undefined);
  }

  /** Whether it takes a message into a turn that is under way. */
  get steers(): boolean {
    const { supported } = (this.#about?._meta?.steering ?? {}) as { supported?: unknown };
    return supported === true;
  }

  /**
   * Puts a message into the turn under way (`_session/steering`, an extension that `initialize` advertises; seen in
   * claude-agent-acp 0.101 and codex-acp 2.6).
   * @returns whether the agent has it; `false` where no turn was under way any more, or it could not be put in
   */
  async steer(sessionId: string, prompt: ContentBlock[]): Promise<boolean> {
    const params = {
      sessionId,
      prompt,
      // Without a turn, it is ours to prompt: a turn that the agent began by itself would have no end that we see.
      _meta: { steering: { idleBehavior: "promptRequired" } },
    };
    const answer = this.#connection.agent.request<{ outcome?: unknown }, typeof params>(STEERING, params);
    const { outcome } = await this.#answer(STEERING, answer).catch(() => ({ outcome: "failed" }));
    return outcome === "injected" || outcome === "startedNewTurn";
  }

  /** Asks the agent to stop its turn; the prompt then ends with `cancelled`. */
  async cancel(sessionId: string): Promise<void> {
    await this.#connection.agent.notify(methods.agent.session.cancel, { sessionId }).catch(() => {});
  }

  /** Ends the agent and everything it began. */
  async close(): Promise<void> {
    this.#connection.close();
    await this.#group.end();
  }

  /** Waits for an answer. An error, the agent's death before it, and its silence are said in words. */
  async #answer<T>(
    method: string,
    answer: Promise<T>,
    limit: number | undefined = method === methods.agent.session.prompt ? undefined : ANSWER_LIMIT_MS,
  ): Promise<T> {
    const died = this.#group.exited.then((exit) => {
      throw new ProgramDiedError(`${this.#program} ${describeExit(exit)}.${this.#wrote}`);
    });
    died.catch(() => {});
    const answered = new AbortController();
    const late = limit === undefined ? [] : [this.#late(method, limit, answered.signal)];
    try {
      return await Promise.race([answer, died, ...late]);
    } catch (error) {
      // The connection closes a moment before the exit is known; the exit tells more.
      if (this.#connection.signal.aborted) return await died;
      throw requestFailure(this.name, error, this.#about?.authMethods);
    } finally {
      answered.abort();
    }
  }

  async #late(method: string, limit: number, answered: AbortSignal): Promise<never> {
    await this.#clock.sleep(limit, answered).catch(() => {});
    throw new RunFailedError(
      `${this.#program} did not answer "${method}" within ${limit / 1000} s.${this.#wrote}`,
    );
  }

  get #wrote(): string {
    const { stderrTail } = this.#group;
    return stderrTail && ` It wrote: ${stderrTail}`;
  }
}

/**
 * Takes the `session/update` notifications out of the stream. The SDK drops those that are not of its schema to the
 * letter (seen: Claude Code's `usage_update` with `used: null`), and reads them apart from the answers, which they
 * must not come after.
 */
function takeUpdates(onUpdate: AcpAgentOptions["onUpdate"]): TransformStream<AnyMessage, AnyMessage> {
  return new TransformStream({
    transform(message, controller) {
      if (!("method" in message) || message.method !== methods.client.session.update) {
        controller.enqueue(message);
        return;
      }
      const { sessionId, update } = (message.params ?? {}) as { sessionId?: string; update?: SessionUpdate };
      try {
        if (update) onUpdate(sessionId ?? "", update);
      } catch {
        // An update that cannot be read is not worth the turn.
      }
    },
  });
}
