// Writes docs/agents.md from what the tests saw: `npm run test:agents -- --all --table`.
import { readFileSync, writeFileSync } from "node:fs";
import { agents, commands } from "./agents/index.ts";
import { FEATURES, type Feature, type Observation } from "./observations.ts";

const PAGE = new URL("../../docs/agents.md", import.meta.url);

/** @param file what the tests of one whole run wrote */
export function writeTable(file: string): void {
  const observed = JSON.parse(readFileSync(file, "utf8")) as Observation[];
  const order = [...agents, ...commands].map(({ name }) => name);
  observed.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  writeFileSync(PAGE, page(observed));
}

function page(observed: Observation[]): string {
  const features = Object.keys(FEATURES) as Feature[];
  const header = ["agent", "package", "version", ...features.map((feature) => FEATURES[feature])];
  const rows = observed.map((program) => [
    program.name,
    `\`${program.package}\``,
    program.version,
    ...features.map((feature) => program.seen[feature] ?? "–"),
  ]);
  const slow = agents.filter((agent) => agent.slow).map(({ name }) => name);
  return `# Coding agents, and what works with each

Written by \`npm run test:agents -- --all --table\` from what the tests saw: the real programs, each run by the real runner
and server with a stub model, in a network namespace that has nothing but loopback. A test fails where an agent no longer
does what it did. Every run of CI tests all but ${slow.join(" and ")}, which take too long. A dash: not to be had of this
program, or not looked at yet.
All rows are of one run.

${[header, header.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n")}

- **task**: a task becomes a turn with a tool call, progress and the last words as the summary.
- **tokens told**: what the task's usage shows after two model calls that read 222 tokens together, most from a cache. Some
  agents tell those of the last call alone.
- **cost told**: whether it tells a cost; with two attempts in one session, each is counted once.
- **model's error**: the task fails with the model's words, or with none where the agent keeps them to itself; at once and
  after a tool call that went well.
- **silence**: what becomes of a turn in which the model says nothing.
- **feedback**: a rejected result with feedback goes on in the same session, or begins a new one.
- **cancel**, **killed**: no process is left, also of its tools; a kill fails the task in words.
- **asks first**: with the policy \`ask\` and no mode named, a command waits for the operator. One that never asks is started
  only with \`--permissions allow\`.
- **after a no**: what the agent does when the operator refuses a command.
- **diff of an edit**: a question about an edit shows the changes.
- **its questions**: what it has its user choose is a form, and the model gets the answer.
- **tool calls**: what the transcript tells of a command.
- **its changes**: in a worktree of its own, what a task changed comes back.
- **a message**: where one comes that is to steer it; the model's next request then has it. A program that reads nothing
  while it works refuses it.
- **interrupted**: a message that interrupts ends the turn under way, and is worked on instead.
- **files with it**: which of a text, an image and any other file go with a message into the model's request; a message
  with one that does not is refused, in words.

Set-up of each: [Claude Code](guides/connect-claude-code.md), [Codex](guides/connect-codex.md),
[opencode](guides/connect-opencode.md), [Copilot, Gemini, Qwen Code, Pi and others](guides/connect-an-acp-agent.md).
`;
}
