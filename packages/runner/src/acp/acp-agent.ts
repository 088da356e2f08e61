import { basename } from "node:path";
import { Readable, Writable } from "node:stream";
import {
  type AnyMessage,
  type ClientConnection,
  client,
  type InitializeResponse,
  type LoadSessionResponse,
  methods,
  type NewSessionResponse,
  ndJsonStream,
  PROTOCOL_VERSION,
  type PromptResponse,
  type RequestPermissionRequest,
  type RequestPermissionResponse,
  type ResumeSessionResponse,
  type SessionModeState,
  type SessionUpdate,
} from "@agentclientprotocol/sdk";
import { describeExit, ProcessGroup } from "../process-group.ts";
import { ProgramDiedError, RunFailedError } from "../program.ts";
import { requestFailure } from "./request-failure.ts";

export interface AcpAgentOptions {
  command: readonly string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** Names the run; see {@link ProcessGroup}. */
  mark: string;
  onUpdate: (update: SessionUpdate) => void;
  onPermission: (request: RequestPermissionRequest) => Promise<RequestPermissionResponse>;
}

/** An agent that speaks the Agent Client Protocol over its stdin and stdout, in a process group of its own. */
export class AcpAgent {
  readonly #name: string;
  readonly #group: ProcessGroup;
  readonly #connection: ClientConnection;
  #about: InitializeResponse | undefined;

  constructor(options: AcpAgentOptions) {
    this.#name = basename(options.command[0] ?? "");
    this.#group = new ProcessGroup(options.command, options);
    const { stdin, stdout } = this.#group.child;
    const stream = ndJsonStream(Writable.toWeb(stdin), Readable.toWeb(stdout) as ReadableStream<Uint8Array>);
    this.#connection = client({ name: "mission-control" })
      .onRequest(methods.client.session.requestPermission, ({ params }) => options.onPermission(params))
      .connect({ ...stream, readable: stream.readable.pipeThrough(takeUpdates(options.onUpdate)) });
  }

  /** Shakes hands. Must be the first call. */
  async initialize(): Promise<InitializeResponse> {
    this.#about = await this.#alive(
      this.#connection.agent.request(methods.agent.initialize, {
        protocolVersion: PROTOCOL_VERSION,
        clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false },
        clientInfo: { name: "mission-control", version: "0.1.0" },
      }),
    );
    return this.#about;
  }

  /** Opens a session, in the given mode where one is wanted. */
  async newSession(cwd: string, mode: string | undefined): Promise<string> {
    const params = { cwd, mcpServers: [] };
    const { sessionId, modes } = await this.#alive<NewSessionResponse>(
      this.#connection.agent.request(methods.agent.session.new, params),
    );
    await this.#setMode(sessionId, modes, mode);
    return sessionId;
  }

  /** Takes up an earlier session, in the given mode: agents start in their own again. @returns whether it could */
  async continueSession(sessionId: string, cwd: string, mode: string | undefined): Promise<boolean> {
    const { sessionCapabilities, loadSession } = this.#about?.agentCapabilities ?? {};
    if (!sessionCapabilities?.resume && !loadSession) return false;
    const { resume, load } = methods.agent.session;
    const params = { sessionId, cwd, mcpServers: [] };
    const { agent } = this.#connection;
    let modes: SessionModeState | null | undefined;
    try {
      ({ modes } = sessionCapabilities?.resume
        ? await this.#alive<ResumeSessionResponse>(agent.request(resume, params))
        : await this.#alive<LoadSessionResponse>(agent.request(load, params)));
    } catch (error) {
      if (error instanceof ProgramDiedError) throw error;
      return false; // It no longer knows the session.
    }
    await this.#setMode(sessionId, modes, mode);
    return true;
  }

  prompt(sessionId: string, text: string): Promise<PromptResponse> {
    const prompt = [{ type: "text" as const, text }];
    return this.#alive(this.#connection.agent.request(methods.agent.session.prompt, { sessionId, prompt }));
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

  async #setMode(
    sessionId: string,
    modes: SessionModeState | null | undefined,
    mode: string | undefined,
  ): Promise<void> {
    if (mode === undefined || modes?.currentModeId === mode) return;
    const known = modes?.availableModes.map(({ id }) => id) ?? [];
    if (!known.includes(mode)) {
      throw new RunFailedError(`${this.#name} has no mode "${mode}"; it has: ${known.join(", ") || "none"}.`);
    }
    const params = { sessionId, modeId: mode };
    await this.#alive(this.#connection.agent.request(methods.agent.session.setMode, params));
  }

  /** Waits for an answer. An error, or the agent's death before it gave one, is said in words. */
  async #alive<T>(answer: Promise<T>): Promise<T> {
    const died = this.#group.exited.then((exit) => {
      const { stderrTail } = this.#group;
      throw new ProgramDiedError(
        `${this.#name} ${describeExit(exit)}.${stderrTail && ` It wrote: ${stderrTail}`}`,
      );
    });
    try {
      return await Promise.race([answer, died]);
    } catch (error) {
      // The connection closes a moment before the exit is known; the exit tells more.
      if (this.#connection.signal.aborted) return await died;
      throw requestFailure(this.#name, error);
    }
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
      const { update } = (message.params ?? {}) as { update?: SessionUpdate };
      try {
        if (update) onUpdate(update);
      } catch {
        // An update that cannot be read is not worth the turn.
      }
    },
  });
}
