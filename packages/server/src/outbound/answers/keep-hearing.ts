import { pause } from "../../abortable.ts";
import { fullJitter } from "../../gateways/backoff.ts";
import type { TryResult } from "../sender.ts";
import type { ListenerParts } from "./answers.ts";

const BACKOFF = { firstMs: 1000, longestMs: 60_000 };

/** A service does not let itself be heard; the message says why, in its own words where it has some. */
export class UnheardError extends Error {
  readonly code = "unheard";
  override name = "UnheardError";
  /** For how long it asks to be left alone, in milliseconds. */
  readonly retryAfterMs: number;

  constructor({ made, retryAfterMs = 0 }: TryResult, otherwise = "It did not answer as it should.") {
    super(made.error ?? otherwise);
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * Takes one step of hearing after the other, at once after one that went well and later and later after some that did
 * not, and reports whenever that changes.
 * @param service as it is called in reports
 * @param step is told whether the last one went well, and calls `heard` as soon as it knows that it hears
 */
export async function keepHearing(
  service: string,
  report: ListenerParts["report"],
  signal: AbortSignal,
  step: (isHearing: boolean, heard: () => void) => Promise<void>,
): Promise<void> {
  let failures = 0;
  let isHearing = false;
  const heard = () => {
    if (!isHearing) report(null);
    isHearing = true;
    failures = 0;
  };
  while (!signal.aborted) {
    try {
      await step(isHearing, heard);
    } catch (error) {
      if (signal.aborted) return;
      if (failures === 0) report(`${service}: ${(error as Error).message.replace(/\.$/, "")}.`);
      isHearing = false;
      const asked = error instanceof UnheardError ? error.retryAfterMs : 0;
      await pause(Math.max(asked, fullJitter(BACKOFF, failures++, Math.random)), signal);
    }
  }
}
