import type { Reporter } from "@mission-control/agent";
import type { TurnCallback } from "./callback-of-turn.ts";
import { callbackOfTurn } from "./callback-of-turn.ts";

/** Makes the reporter of one dispatch. */
export type OpenReporter = (callback: TurnCallback) => Reporter;

/**
 * The turns of this gateway that are dispatches of Mission Control, and a reporter for each. A tool is told its session
 * and not its run; a session has one run at a time, so its newest run is the one a tool is called in.
 */
export class TaskTurns {
  readonly #open: OpenReporter;
  readonly #turns = new Map<string, { runId: string; reporter: Reporter }>();
  readonly #closing = new Set<Reporter>();

  constructor(open: OpenReporter) {
    this.#open = open;
  }

  /** Takes up what a request to the model says about its run. The secret in it stays in memory. */
  begin(sessionKey: string, runId: string, systemPrompt: string): void {
    const current = this.#turns.get(sessionKey);
    if (current?.runId === runId) return;
    const callback = callbackOfTurn(systemPrompt, runId);
    if (!callback) return;
    if (current) this.#close(current.reporter);
    this.#turns.set(sessionKey, { runId, reporter: this.#open(callback) });
  }

  /** The reporter of the run that a session is in. */
  reporter(sessionKey: string): Reporter | undefined {
    return this.#turns.get(sessionKey)?.reporter;
  }

  /** Forgets a run that is over. What it reported is still delivered. */
  end(sessionKey: string, runId: string): void {
    const current = this.#turns.get(sessionKey);
    if (current?.runId !== runId) return;
    this.#turns.delete(sessionKey);
    this.#close(current.reporter);
  }

  /** Ends every delivery at once; what is not delivered stays in the spool of the SDK. */
  async close(): Promise<void> {
    const open = [...this.#turns.values()].map(({ reporter }) => reporter);
    this.#turns.clear();
    await Promise.all([...open, ...this.#closing].map((reporter) => reporter.close(AbortSignal.abort())));
  }

  #close(reporter: Reporter): void {
    this.#closing.add(reporter);
    void reporter.close().finally(() => this.#closing.delete(reporter));
  }
}

/** Whether a session is one of Mission Control's: `agent:<agentId>:mission-control:<taskId>`. */
export function isTaskSession(sessionKey: string | undefined): sessionKey is string {
  return sessionKey !== undefined && /^agent:[^:]+:mission-control:./.test(sessionKey);
}
