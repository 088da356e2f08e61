import { randomUUID } from "node:crypto";
import type {
  ContentBlock,
  CreateElicitationResponse,
  PromptResponse,
  RequestPermissionResponse,
  SessionUpdate,
} from "@agentclientprotocol/sdk";
import type { AgentEvent } from "../agent-event.ts";
import { decide } from "../permission-policy.ts";
import { type Job, type JobResult, RunFailedError } from "../program.ts";
import { feedbackPrompt, taskPrompt } from "../prompt.ts";
import { judgeTurn, TurnRecord } from "../verdict.ts";
import { AcpAgent, type OpenedSession } from "./acp-agent.ts";
import type { AcpProgramOptions } from "./acp-program.ts";
import { Conversation } from "./conversation.ts";
import { type ElicitationParams, toForm } from "./elicitation.ts";
import { modeFor, modesOf } from "./modes.ts";
import { type PermissionParams, titleOf, toQuestion } from "./permission-request.ts";
import { UpdateReader } from "./updates.ts";
import { AttemptUsage } from "./usage.ts";

/** How long an agent may take to stop its turn before its processes are ended. */
const CANCEL_GRACE_MS = 5000;
const CANCELLED: RequestPermissionResponse = { outcome: { outcome: "cancelled" } };

/** One attempt at a task: an agent of its own, a session, its prompts, and what came of the last. */
export class Turn {
  readonly #job: Job;
  readonly #options: AcpProgramOptions;
  readonly #agent: AcpAgent;
  #record = new TurnRecord();
  #conversation: Conversation | undefined;
  /** What was not allowed, for the result to tell. */
  readonly #refused: string[] = [];
  #reader = new UpdateReader(undefined);
  #usage = new AttemptUsage(undefined);
  /** The session that was prompted; what agents report of others (their subagents', say) is not the task's. */
  #sessionId: string | undefined;

  constructor(job: Job, options: AcpProgramOptions) {
    this.#job = job;
    this.#options = options;
    this.#agent = new AcpAgent({
      command: options.command,
      cwd: job.folder,
      env: options.env,
      clock: job.clock,
      mark: job.mark,
      onUpdate: (sessionId, update) => {
        // Before the prompt, an agent that loads a session tells its whole history again.
        if (sessionId === this.#sessionId) this.#take(update);
      },
      onPermission: (request, signal) => this.#answer(request, signal),
      // With any other policy nobody is asked.
      onForm: options.permissions === "ask" ? (form, signal) => this.#fillIn(form, signal) : undefined,
    });
  }

  /** Whether the agent was given the task: it may not be given it again. */
  get prompted(): boolean {
    return this.#sessionId !== undefined;
  }

  async run(): Promise<JobResult> {
    const { signal } = this.#job;
    signal.throwIfAborted();
    const stopped = new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
    stopped.catch(() => {});
    const { sessionId, text } = await Promise.race([this.#openSession(), stopped]);
    this.#sessionId = sessionId;
    const conversation = new Conversation(this.#agent, sessionId, this.#job.messages);
    this.#conversation = conversation;
    try {
      for (let prompt: ContentBlock[] | undefined = [{ type: "text", text }]; ; ) {
        this.#record = new TurnRecord();
        const response = await this.#prompt(sessionId, prompt, stopped);
        const usage = this.#usage.takeAnswer(response);
        if (usage) this.#emit({ type: "usage", usage });
        prompt = await conversation.next();
        if (prompt === undefined) return this.#judge(response, sessionId);
        // What it says next is another message.
        this.#emit({ type: "text", text: "", ends: true });
      }
    } finally {
      conversation.close();
      this.#job.keepSession({ id: sessionId, cost: this.#usage.sessionCost });
    }
  }

  async #prompt(sessionId: string, prompt: ContentBlock[], stopped: Promise<never>): Promise<PromptResponse> {
    const answer = this.#agent.prompt(sessionId, prompt);
    try {
      return await Promise.race([answer, stopped]);
    } catch (error) {
      if (this.#job.signal.aborted) await this.#stop(sessionId, answer);
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#agent.close();
  }

  async #openSession(): Promise<{ sessionId: string; text: string }> {
    const { dispatch, folder, session, keepSession } = this.#job;
    await this.#agent.initialize(this.#options.authMethod);
    this.#reader = new UpdateReader(this.#agent.known, folder);
    const { feedback } = dispatch.task;
    if (feedback && session) {
      const continued = await this.#agent.continueSession(session.id, folder);
      if (continued) {
        await this.#setMode(session.id, continued);
        this.#usage = new AttemptUsage(session.cost);
        return { sessionId: session.id, text: feedbackPrompt(feedback) };
      }
    }
    const opened = await this.#agent.newSession(folder);
    await this.#setMode(opened.sessionId, opened);
    keepSession({ id: opened.sessionId });
    return { sessionId: opened.sessionId, text: taskPrompt(dispatch) };
  }

  async #setMode(sessionId: string, session: OpenedSession): Promise<void> {
    const modes = modesOf(session);
    const mode = modeFor({ ...this.#options, agent: this.#agent.name }, modes, this.#agent.known);
    if (modes && mode !== undefined && mode !== modes.current) {
      await this.#agent.setMode(sessionId, modes, mode);
    }
  }

  #take(update: SessionUpdate): void {
    for (const event of this.#reader.read(update)) this.#emit(event);
    const usage = this.#usage.take(update);
    if (usage) this.#emit({ type: "usage", usage });
  }

  #emit(event: AgentEvent): void {
    this.#record.take(event);
    this.#job.narrator.take(event);
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
    const vouches = this.#agent.known?.vouches ?? true;
    const end = { stopReason: response.stopReason, vouches };
    const verdict = judgeTurn(end, this.#record, narrator.lastMessage, narrator.lastState);
    if (!verdict.ok) throw new RunFailedError(verdict.reason);
    const refused = this.#refused.length > 0 ? { refused: this.#refused } : {};
    return { summary: verdict.summary, data: { sessionId, ...refused } };
  }

  /** Answers a request for permission by the policy, or by what the operator says. */
  async #answer(
    { toolCall, options }: PermissionParams,
    cancelled: AbortSignal,
  ): Promise<RequestPermissionResponse> {
    const { narrator, ask } = this.#job;
    const over = this.#asksUntil(cancelled);
    const { permissions } = this.#options;
    const tool = this.#reader.toolCall(toolCall);
    const title = titleOf(tool);
    if (this.prompted) this.#emit({ type: "tool", id: tool.toolCallId, title });
    const decision = decide(permissions, tool.kind, options);
    if (decision === "none" || options.length === 0) {
      narrator.say(`${title}: cancelled, for want of an option that says what "${permissions}" does`);
      this.#refuse(title);
      return CANCELLED;
    }
    try {
      const question = toQuestion(randomUUID(), tool, options);
      const optionId =
        decision === "ask" ? question.chosen(await ask(question.request, over)) : decision.optionId;
      const chosen = options.find((option) => option.optionId === optionId);
      if (decision !== "ask") narrator.say(`${title}: ${chosen?.name}, by the policy "${permissions}"`);
      if (chosen?.kind.startsWith("reject")) this.#refuse(title);
      return { outcome: { outcome: "selected", optionId } };
    } catch (error) {
      if (!this.#job.signal.aborted && !over.aborted)
        narrator.say(`"${title}" could not be asked: ${String(error)}`);
      this.#refuse(title);
      return CANCELLED;
    }
  }

  /** Has the operator fill in a form. */
  async #fillIn(params: ElicitationParams, cancelled: AbortSignal): Promise<CreateElicitationResponse> {
    const { narrator, askForm, signal, clock } = this.#job;
    const over = this.#asksUntil(cancelled);
    const form = toForm(randomUUID(), params, clock.now());
    if (!form) {
      narrator.say(`"${params.message}" was not asked: it is no form that can be filled in here`);
      return { action: "cancel" };
    }
    try {
      return form.answered(await askForm(form.request, over));
    } catch (error) {
      if (!signal.aborted && !over.aborted) {
        narrator.say(`"${form.request.title}" could not be asked: ${String(error)}`);
      }
      return { action: "cancel" };
    }
  }

  /** Aborted when the agent waits no longer for an answer: it says so, or the operator interrupts its turn. */
  #asksUntil(cancelled: AbortSignal): AbortSignal {
    const interrupted = this.#conversation?.interrupted;
    return interrupted ? AbortSignal.any([cancelled, interrupted]) : cancelled;
  }

  #refuse(title: string): void {
    this.#refused.push(title);
    this.#emit({ type: "refused", title });
  }
}
