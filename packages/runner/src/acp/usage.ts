import type { PromptResponse, SessionUpdate } from "@agentclientprotocol/sdk";
import type { Usage } from "@mission-control/agent";

type Cost = NonNullable<Usage["cost"]>;

/**
 * What one attempt has used. Tokens come with the prompt's answer (a draft of the protocol, or in `_meta`), or in
 * `_meta` of each model call's messages; the cost in `usage_update`, as that of the session so far.
 * @see https://agentclientprotocol.com/protocol/v1/prompt-turn
 */
export class AttemptUsage {
  #before: number;
  #calls: { inputTokens: number; outputTokens: number } | undefined;
  #session: Cost | undefined;
  /** Whether the agent has told a cost in this attempt. */
  #toldCost = false;

  /** @param before what the session had cost when the attempt began: agents go on counting from there */
  constructor(before: Cost | undefined) {
    this.#before = before?.amount ?? 0;
    this.#session = before;
  }

  /** What the session has cost so far. */
  get sessionCost(): Cost | undefined {
    return this.#session;
  }

  /** @returns what has been used in total, where an update says something of it */
  take(update: SessionUpdate): Usage | undefined {
    if (update.sessionUpdate === "usage_update") return this.#takeCost(update.cost);
    if (update.sessionUpdate !== "agent_message_chunk") return undefined;
    // Qwen Code: one a model call.
    const call = tokensOf((update._meta as { usage?: unknown } | null | undefined)?.usage);
    if (!call) return undefined;
    this.#calls = {
      inputTokens: (this.#calls?.inputTokens ?? 0) + call.inputTokens,
      outputTokens: (this.#calls?.outputTokens ?? 0) + call.outputTokens,
    };
    return this.#calls;
  }

  /** @returns the tokens in a prompt's answer, and what they cost where only the answer shows that */
  takeAnswer(answer: PromptResponse): Usage | undefined {
    const tokens = this.#tokensIn(answer);
    const session = this.#session;
    // As much as the session had cost before, though the model has answered: it counts anew and came to the same.
    if (!tokens?.outputTokens || !this.#toldCost || !session || session.amount !== this.#before)
      return tokens;
    this.#before = 0;
    return { ...tokens, cost: session };
  }

  #tokensIn(answer: PromptResponse): ReturnType<typeof tokensOf> {
    const { usage, _meta } = answer as {
      usage?: unknown;
      _meta?: { quota?: { token_count?: unknown } } | null;
    };
    return tokensOf(usage) ?? tokensOf(_meta?.quota?.token_count);
  }

  #takeCost(cost: { amount?: unknown; currency?: unknown } | null | undefined): Usage | undefined {
    const { amount, currency } = cost ?? {};
    if (typeof amount !== "number" || typeof currency !== "string") return undefined;
    this.#session = { amount, currency };
    this.#toldCost = true;
    // Less than before: it counts anew, as Claude Code does where its last process was killed, and goes on to do so.
    if (amount < this.#before) this.#before = 0;
    return { cost: { amount: amount - this.#before, currency } };
  }
}

/**
 * Tokens in whichever names. Input is all that was read, also from and into a cache; agents count the cache apart, or
 * within, which their total tells.
 */
function tokensOf(counted: unknown): { inputTokens: number; outputTokens: number } | undefined {
  if (typeof counted !== "object" || counted === null) return undefined;
  const count = (...names: string[]) => {
    const values = names.map((name) => (counted as Record<string, unknown>)[name]);
    return values.find((value) => typeof value === "number");
  };
  const input = count("inputTokens", "input_tokens");
  const outputTokens = count("outputTokens", "output_tokens");
  if (input === undefined || outputTokens === undefined) return undefined;
  const cached = (count("cachedReadTokens") ?? 0) + (count("cachedWriteTokens") ?? 0);
  const within = count("totalTokens") === input + outputTokens;
  return { inputTokens: within ? input : input + cached, outputTokens };
}
