import type { Usage } from "@mission-control/agent";

/** What a coding agent does, whichever way it tells of it. */
export type AgentEvent =
  /** A piece of what it says; `ends` when the message is whole. */
  | { type: "text"; text: string; ends?: boolean }
  /** A tool call began, or became better known: same `id`. */
  | { type: "tool"; id: string; title: string }
  /** A tool call did not work. */
  | { type: "tool-failed"; id: string; output: string }
  /** Its plan, whole each time. */
  | { type: "plan"; steps: { text: string; done: boolean; current: boolean }[] }
  /** What it has used so far, in total. */
  | { type: "usage"; usage: Usage }
  /** How the turn ended, where its own output says so. */
  | { type: "result"; ok: boolean; text: string };
