import type { Usage } from "@mission-control/agent";

/** What is known of a tool call besides its title. Texts are whole here; whoever passes them on bounds them. */
export interface ToolFacts {
  /** The tool's own name, e.g. `Bash`. */
  name?: string | undefined;
  /** What it was called with. */
  input?: unknown;
  /** All that came back so far. */
  output?: string | undefined;
  /** What came back since the last event of this call. */
  outputPiece?: string | undefined;
  state?: "pending" | "running" | "completed" | "failed" | undefined;
  exitCode?: number | undefined;
}

/** What a coding agent does, whichever way it reports it. */
export type AgentEvent =
  /** A turn began, in an output that will also say how it ended. */
  | { type: "began" }
  /** A piece of what it says; `ends` when the message is whole. */
  | { type: "text"; text: string; ends?: boolean }
  /** A line that its program printed, and nobody understands better. */
  | { type: "line"; text: string }
  /** A piece of what it thinks; `ends` when the thought is whole. */
  | { type: "thought"; text: string; ends?: boolean }
  /** Something its program says, not its model: a warning, a hint. */
  | { type: "notice"; text: string }
  /** An error it ran into; it may still go on. Words may be missing, or follow. */
  | { type: "trouble"; text: string }
  /** A tool call began, became better known, or ended: same `id`. One that is known may come without its title. */
  | { type: "tool"; id: string; title?: string | undefined; facts?: ToolFacts }
  /** A tool call did not work. */
  | { type: "tool-failed"; id: string; output: string }
  /** A file was changed; `diff` is a unified one. `id` is the same when the same change is reported again. */
  | { type: "file"; id: string; path: string; change: FileChange; diff?: string | undefined }
  /** It was not allowed to do something. */
  | { type: "refused"; title: string }
  /** Its plan, whole each time. */
  | { type: "plan"; steps: PlanStep[] }
  /** It has taken up what was said to it; `id` as that was written to its input. */
  | { type: "heard"; id: string }
  /** What it has used so far, in total. */
  | { type: "usage"; usage: Usage }
  /**
   * How the turn ended, where its own output says so. `vouched` when it says that the work succeeded, not only that
   * the turn is over.
   */
  | { type: "result"; ok: boolean; text: string; vouched?: boolean };

export type FileChange = "created" | "edited" | "deleted" | "renamed";

export interface PlanStep {
  text: string;
  done: boolean;
  current: boolean;
}
