import type { Usage } from "@mission-control/agent";

/** What a coding agent does, whichever way it tells of it. */
export type AgentEvent =
  /** A turn began, in an output that will also say how it ended. */
  | { type: "began" }
  /** A piece of what it says; `ends` when the message is whole. */
  | { type: "text"; text: string; ends?: boolean }
  /** Something its program says, not its model: a warning, a hint. */
  | { type: "notice"; text: string }
  /** An error it ran into; it may still go on. Words may be missing, or follow. */
  | { type: "trouble"; text: string }
  /** A tool call began, or became better known: same `id`. */
  | { type: "tool"; id: string; title: string }
  /** A tool call did not work. */
  | { type: "tool-failed"; id: string; output: string }
  /** It was not allowed to do something. */
  | { type: "refused"; title: string }
  /** Its plan, whole each time. */
  | { type: "plan"; steps: { text: string; done: boolean; current: boolean }[] }
  /** What it has used so far, in total. */
  | { type: "usage"; usage: Usage }
  /**
   * How the turn ended, where its own output says so. `vouched` when it says that the work succeeded, not only that
   * the turn is over.
   */
  | { type: "result"; ok: boolean; text: string; vouched?: boolean };
