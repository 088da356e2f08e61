import type { PromptResponse, SessionUpdate } from "@agentclientprotocol/sdk";
import type { Usage } from "@mission-control/agent";

type Cost = NonNullable<Usage["cost"]>;
interface Tokens {
  inputTokens: number;
  outputTokens: number;
}

/**
 * What one attempt has used. Tokens come with the prompt's answer (a draft of the protocol, or in `_meta`), or in
 * `_meta` of each model call's messages; the cost in `usage_update`, as that of the session so far.
 * @see https://agentclientprotocol.com/protocol/v1/prompt-turn
 */
export class AttemptUsage {
  #before: number;
  #calls: Tokens | undefined;
  /** What the answers to all prompts together tell. */
  #answered: Tokens | undefined;
  #session: Cost | undefined;
  /** Whether the agent has told a cost in this attempt. */
  #hasCost = false;

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
    this.#calls = add(this.#calls, call);
    return this.#calls;
  }

  /** @returns the tokens in all prompts' answers, and what they cost where only an answer shows that */
  takeAnswer(answer: PromptResponse): Usage | undefined {
    const own = this.#tokensIn(answer);
    if (own) this.#answered = add(this.#answered, own);
    const tokens = this.#answered;
    const session = this.#session;
    // As much as the session had cost before, though the model has answered: it counts again and came to the same.
    if (!own?.outputTokens || !this.#hasCost || !session || session.amount !== this.#before) return tokens;
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
    this.#hasCost = true;
    // Less than before: it counts again, as Claude Code does where its last process was killed, and goes on to do so.
    if (amount < this.#before) this.#before = 0;
    return { cost: { amount: amount - this.#before, currency } };
  }
}

function add(sum: Tokens | undefined, more: Tokens): Tokens {
  return {
    inputTokens: (sum?.inputTokens ?? 0) + more.inputTokens,
    outputTokens: (sum?.outputTokens ?? 0) + more.outputTokens,
  };
}

/**
 * Tokens in whichever names. Input is all that was read, also from and into a cache; agents count the cache apart, or
 * within, which their total tells.
 */
function tokensOf(counted: unknown): Tokens | undefined {
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
