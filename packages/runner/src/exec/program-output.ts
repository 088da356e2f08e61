import type { Clock } from "@mission-control/agent";
import type { AgentEvent } from "../agent-event.ts";
import { TurnRecord } from "../verdict.ts";
import { LineSplitter } from "./lines.ts";
import { readLine } from "./output.ts";

/** How long a program may take to end, in milliseconds since it last printed something, once it told its result. */
export const RESULT_GRACE_MS = 10_000;

/** What a program prints, told to the operator as it comes, and the result it tells, where it tells one. */
export class ProgramOutput {
  /** What it is judged by; with the last result it told. */
  readonly record = new TurnRecord();
  readonly #lines: LineSplitter;
  #arrived = Promise.withResolvers<void>();

  /**
   * @param onEvent called with each thing the program does
   * @param folder where it works
   */
  constructor(onEvent: (event: AgentEvent) => void, folder: string) {
    this.#lines = new LineSplitter((line) => {
      for (const event of readLine(line, folder)) {
        this.record.take(event);
        onEvent(event);
      }
    });
  }

  push(text: string): void {
    this.#lines.push(text);
    this.#arrived.resolve();
  }

  /** To be called when nothing more comes. */
  end(): void {
    this.#lines.end();
  }

  /** Resolves when it told a result and then fell silent for {@link RESULT_GRACE_MS}; rejects with the signal. */
  async silentAfterResult(clock: Clock, signal: AbortSignal): Promise<void> {
    for (let silent = false; !(silent && this.record.result); ) {
      await this.#arrived.promise;
      this.#arrived = Promise.withResolvers();
      let more = false;
      void this.#arrived.promise.then(() => {
        more = true;
      });
      await clock.sleep(RESULT_GRACE_MS, signal);
      silent = !more;
      if (silent) this.#lines.endObject();
    }
  }
}
