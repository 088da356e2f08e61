import { randomUUID } from "node:crypto";
import { basename } from "node:path";
import type {
  PromptResponse,
  RequestPermissionRequest,
  RequestPermissionResponse,
  StopReason,
} from "@agentclientprotocol/sdk";
import { decide, type PermissionPolicy } from "../permission-policy.ts";
import { type Job, type JobResult, type Program, ProgramDiedError, RunFailedError } from "../program.ts";
import { feedbackPrompt, taskPrompt } from "../prompt.ts";
import { AcpAgent } from "./acp-agent.ts";
import { toolTitle, UpdateReader } from "./updates.ts";

export interface AcpProgramOptions {
  /** The agent and its arguments, e.g. `["claude-agent-acp"]`. */
  command: readonly string[];
  permissions: PermissionPolicy;
  /** A mode of the agent's own, e.g. Codex' `auto`. */
  mode?: string | undefined;
  env: NodeJS.ProcessEnv;
}

/** An agent that dies before it was given the task is started again after these waits, in milliseconds. */
const START_WAITS = [500, 2000];
/** How long an agent may take to stop its turn before its processes are ended. */
const CANCEL_GRACE_MS = 5000;
const MAX_TITLE = 4000;

/** Runs each task as one turn of an agent that speaks the Agent Client Protocol. */
export class AcpProgram implements Program {
  readonly #options: AcpProgramOptions;

  constructor(options: AcpProgramOptions) {
    this.#options = options;
  }

  get name(): string {
    return basename(this.#options.command[0] ?? "");
  }

  async run(job: Job): Promise<JobResult> {
    for (const wait of [...START_WAITS, undefined]) {
      const turn = new Turn(job, this.#options);
      try {
        return await turn.run();
      } catch (error) {
        job.signal.throwIfAborted();
        if (turn.prompted || wait === undefined || !(error instanceof ProgramDiedError)) throw error;
        job.narrator.say(`${error.message} Starting it again.`);
        await job.clock.sleep(wait, job.signal);
      } finally {
        await turn.close();
      }
    }
    throw new RunFailedError(`${this.name} could not be started.`);
  }
}

class Turn {
  readonly #job: Job;
  readonly #options: AcpProgramOptions;
  readonly #agent: AcpAgent;
  readonly #reader = new UpdateReader();
  /** Whether the agent was given the task: it may not be given it again. */
  prompted = false;

  constructor(job: Job, options: AcpProgramOptions) {
    this.#job = job;
    this.#options = options;
    this.#agent = new AcpAgent({
      command: options.command,
      cwd: job.folder,
      env: options.env,
      mark: job.mark,
      onUpdate: (update) => {
        // An agent that loads a session tells its whole history again.
        if (!this.prompted) return;
        for (const event of this.#reader.read(update)) job.narrator.take(event);
      },
      onPermission: (request) => this.#answer(request),
    });
  }

  async run(): Promise<JobResult> {
    const { signal } = this.#job;
    signal.throwIfAborted();
    const stopped = new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
    stopped.catch(() => {});
    const { sessionId, text } = await Promise.race([this.#openSession(), stopped]);
    this.prompted = true;
    const answer = this.#agent.prompt(sessionId, text);
    try {
      return this.#judge(await Promise.race([answer, stopped]), sessionId);
    } catch (error) {
      if (signal.aborted) await this.#stop(sessionId, answer);
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#agent.close();
  }

  async #openSession(): Promise<{ sessionId: string; text: string }> {
    const { dispatch, folder, session, keepSession } = this.#job;
    await this.#agent.initialize();
    const { feedback } = dispatch.task;
    const { mode } = this.#options;
    if (feedback && session && (await this.#agent.continueSession(session, folder, mode))) {
      return { sessionId: session, text: feedbackPrompt(feedback) };
    }
    const sessionId = await this.#agent.newSession(folder, mode);
    keepSession(sessionId);
    return { sessionId, text: taskPrompt(dispatch) };
  }

  async #stop(sessionId: string, answer: Promise<unknown>): Promise<void> {
    const patience = new AbortController();
    await this.#agent.cancel(sessionId);
    await Promise.race([
      answer.catch(() => {}),
      this.#job.clock.sleep(CANCEL_GRACE_MS, patience.signal).catch(() => {}),
    ]);
    patience.abort();
  }

  #judge(response: PromptResponse, sessionId: string): JobResult {
    const { narrator } = this.#job;
    const usage = tokensOf(response);
    if (usage) narrator.take({ type: "usage", usage });
    if (response.stopReason === "end_turn") {
      return { summary: narrator.lastMessage || "Done.", data: { sessionId } };
    }
    const said = narrator.lastMessage;
    throw new RunFailedError(`${STOP_REASONS[response.stopReason]}${said ? ` It said: ${said}` : ""}`);
  }

  async #answer({ toolCall, options }: RequestPermissionRequest): Promise<RequestPermissionResponse> {
    const { narrator, ask } = this.#job;
    const kind = toolCall.kind ?? undefined;
    const title = toolTitle(toolCall.title ?? "Use a tool", toolCall.rawInput)
      .slice(0, MAX_TITLE)
      .toWellFormed();
    narrator.take({ type: "tool", id: toolCall.toolCallId, title });
    const decision = decide(this.#options.permissions, kind, options);
    if (decision === "none") return { outcome: { outcome: "cancelled" } };
    if (decision !== "ask") {
      const chosen = options.find((option) => option.optionId === decision.optionId);
      narrator.say(`${title}: ${chosen?.name}, by the policy "${this.#options.permissions}"`);
      return { outcome: { outcome: "selected", optionId: decision.optionId } };
    }
    try {
      const optionId = await ask({ id: randomUUID(), title, options: options.map(plainOption) });
      return { outcome: { outcome: "selected", optionId } };
    } catch (error) {
      if (!this.#job.signal.aborted) narrator.say(`"${title}" could not be asked: ${String(error)}`);
      return { outcome: { outcome: "cancelled" } };
    }
  }
}

const STOP_REASONS: Record<StopReason, string> = {
  end_turn: "",
  cancelled: "The agent ended its turn as cancelled.",
  refusal: "The agent refused to go on.",
  max_tokens: "The agent ran into its limit of tokens.",
  max_turn_requests: "The agent ran into its limit of model requests in one turn.",
};

function plainOption({ optionId, name, kind }: { optionId: string; name: string; kind: string }) {
  return { optionId, name: name.slice(0, 256), kind };
}

/** Tokens are not in the stable protocol yet: Claude Code and opencode send them as `usage`, Gemini in `_meta`. */
function tokensOf(response: PromptResponse): { inputTokens: number; outputTokens: number } | undefined {
  const { usage, _meta } = response as {
    usage?: { inputTokens?: unknown; outputTokens?: unknown };
    _meta?: { quota?: { token_count?: { input_tokens?: unknown; output_tokens?: unknown } } };
  };
  const counted = _meta?.quota?.token_count;
  const inputTokens = usage?.inputTokens ?? counted?.input_tokens;
  const outputTokens = usage?.outputTokens ?? counted?.output_tokens;
  if (typeof inputTokens !== "number" || typeof outputTokens !== "number") return undefined;
  return { inputTokens, outputTokens };
}
