import type { AgentEvent } from "./agent-event.ts";

/** What a run came to. */
export type Verdict = { ok: true; summary: string } | { ok: false; reason: string };

/** What a turn's end must be judged by: kept while the turn runs. */
export class TurnRecord {
  /** Whether it did or said anything at all. */
  active = false;
  /** Whether it said something after the last tool call. */
  spokeLast = false;
  /** What stands in the way of calling it done: a refusal or a failed tool call, to which it has said nothing. */
  setback: string | undefined;
  /** An error it reported, after which nothing more came. */
  trouble: string | undefined;
  /** Its own word on how the turn ended; the last one counts. */
  result: Extract<AgentEvent, { type: "result" }> | undefined;
  /** Whether its output is of a kind that says how the turn ended. */
  promisesResult = false;
  readonly #tools = new Map<string, string>();

  take(event: AgentEvent): void {
    switch (event.type) {
      case "began":
        this.promisesResult = true;
        return;
      case "text":
      case "line":
        if (event.text.trim() === "") return;
        this.#goOn();
        this.spokeLast = true;
        return;
      case "tool":
        // An update of a call that was refused or has failed is no news of its going on.
        if (!this.#tools.has(event.id)) {
          this.#goOn();
          this.spokeLast = false;
        }
        if (event.title) this.#tools.set(event.id, event.title);
        return;
      case "plan":
        this.active = true;
        return;
      case "tool-failed": {
        this.active = true;
        const why = event.output.trim().split("\n").at(-1);
        this.setback ??= `${quote(this.#tools.get(event.id) ?? "a tool call")} failed${why ? `: ${why}` : ""}`;
        this.spokeLast = false;
        return;
      }
      case "refused":
        this.active = true;
        this.setback = `${quote(event.title)} was refused`;
        this.spokeLast = false;
        return;
      case "trouble":
        this.trouble = event.text || this.trouble || "it did not say which";
        return;
      case "result":
        this.result = event;
        return;
      case "heard":
        // It goes on after all.
        this.result = undefined;
        return;
    }
  }

  #goOn(): void {
    this.active = true;
    this.setback = undefined;
    this.trouble = undefined;
  }
}

/**
 * Why a turn that stopped for this reason did not do its work; `end_turn` is judged by what went before.
 * @see https://agentclientprotocol.com/protocol/v1/prompt-turn#stop-reasons
 */
const STOP_REASONS: Record<string, string> = {
  cancelled: "The agent ended its turn as cancelled",
  refusal: "The agent refused to go on",
  max_tokens: "The agent ran into its limit of tokens",
  max_turn_requests: "The agent ran into its limit of model requests in one turn",
};

/**
 * Judges a turn by the Agent Client Protocol.
 *
 * | the agent says | it is |
 * | --- | --- |
 * | any stop reason but `end_turn` | failed |
 * | `end_turn`, last an error it reported | failed |
 * | `end_turn`, last a refused or failed tool call | failed: it had nothing to say to that |
 * | `end_turn`, nothing done or said | failed |
 * | `end_turn`, last a tool call, of an agent whose `end_turn` also follows errors | failed |
 * | `end_turn`, last a tool call, of any other | completed, and that it said nothing |
 * | `end_turn`, last its words | completed with them |
 *
 * @param end.vouches whether this agent's `end_turn` says that all went well (see `known-agents.ts`)
 * @param said its last message
 * @param lastState the last thing it was seen doing
 */
export function judgeTurn(
  end: { stopReason: string; vouches: boolean },
  record: TurnRecord,
  said: string,
  lastState: string | undefined,
): Verdict {
  const { stopReason, vouches } = end;
  if (stopReason !== "end_turn") {
    const reason =
      STOP_REASONS[stopReason] ?? `The agent ended its turn with "${stopReason}", which is not known here`;
    const after = record.setback ? ` after ${record.setback}` : "";
    return failed(`${reason}${after}.${said ? ` It said: ${said}` : ""}`);
  }
  if (record.trouble) return failed(sentence(`The agent ran into an error: ${record.trouble}`));
  if (record.setback) return failed(sentence(`The agent ended its turn after ${record.setback}`));
  if (!record.active) return failed("The agent ended its turn without having said or done anything.");
  if (record.spokeLast) return { ok: true, summary: said };
  if (!vouches) return failed(sentence(`The agent ended its turn without a word after: ${lastState}`));
  return { ok: true, summary: said || saidNothing(lastState) };
}

/**
 * Judges a run of a program by its exit and, where its output is understood, by what that says.
 *
 * | program | says | it is |
 * | --- | --- | --- |
 * | any | an exit code other than 0, a signal | failed |
 * | `claude -p` | `result` with `is_error`, a subtype other than `success`, a `terminal_reason` other than `completed` | failed |
 * | `codex exec` | `turn.failed` | failed |
 * | `codex exec` | `turn.completed`, last an `error` or a failed tool call, or nothing done or said | failed |
 * | both | began, and no result | failed |
 * | both | any other result | completed, with their last words or that they said nothing |
 * | any other | exit code 0 | completed, with the last line or that it said nothing |
 *
 * @param exit how it ended, in words; `undefined` when it ended well, or was ended after its result
 */
export function judgeProgram(
  exit: string | undefined,
  record: TurnRecord,
  said: string,
  lastState: string | undefined,
): Verdict {
  const { result, trouble } = record;
  if (result?.ok === false) return failed(`${exit ? `${exit} ` : ""}It reported: ${result.text}`);
  if (exit) return failed(trouble ? `${exit} It reported: ${trouble}` : exit);
  if (!result && record.promisesResult) {
    return failed(
      `The program ended without saying how its turn ended.${trouble ? ` It reported: ${trouble}` : ""}`,
    );
  }
  if (result && !result.vouched) {
    if (trouble) return failed(`It reported: ${trouble}`);
    if (record.setback) return failed(sentence(`The program ended its turn after ${record.setback}`));
    if (!record.active) return failed("The program ended its turn without having said or done anything.");
  }
  return { ok: true, summary: result?.text || said || saidNothing(lastState) };
}

function saidNothing(lastState: string | undefined): string {
  return `The agent said nothing.${lastState ? ` The last seen of it: ${lastState}` : ""}`;
}

function failed(reason: string): Verdict {
  return { ok: false, reason };
}

function quote(text: string): string {
  return `"${text.length > 200 ? `${text.slice(0, 198).toWellFormed()} …` : text}"`;
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
