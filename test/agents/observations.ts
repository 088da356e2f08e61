import { writeFileSync } from "node:fs";
import type { RealProgram } from "./agents/coding-agent.ts";
import { versionOf } from "./agents/coding-agent.ts";

/** What is looked for, and what a column of the table is called. */
export const FEATURES = {
  task: "task",
  tokens: "tokens told",
  cost: "cost told",
  error: "model's error",
  silence: "silence",
  feedback: "feedback",
  cancel: "cancel",
  killed: "killed",
  asks: "asks first",
  refused: "after a no",
  diff: "diff of an edit",
  form: "its questions",
  transcript: "tool calls",
  changes: "its changes",
  steer: "a message",
  interrupt: "interrupted",
  files: "files with it",
} as const;
export type Feature = keyof typeof FEATURES;

/** One program and what was seen of it. */
export interface Observation {
  name: string;
  package: string;
  version: string;
  seen: Partial<Record<Feature, string>>;
}

/** What the tests have seen, for the table in the documentation. */
export class Observations {
  readonly #programs = new Map<string, Observation>();

  see({ name, packages: [main] }: RealProgram, feature: Feature, value: string): void {
    const empty: Observation = { name, package: main, version: versionOf(main) ?? "", seen: {} };
    const program = this.#programs.get(name) ?? empty;
    program.seen[feature] = value;
    this.#programs.set(name, program);
  }

  /** @param file where to; nowhere without one */
  write(file: string | undefined): void {
    if (file) writeFileSync(file, JSON.stringify([...this.#programs.values()], null, 2));
  }
}
