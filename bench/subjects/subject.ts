import type { Target } from "../load/sender-process.ts";

/** Something that takes callbacks and streams events, running as a process of its own. */
export interface Subject {
  readonly name: string;
  readonly port: number;
  /** The process whose CPU time and memory count. */
  readonly pid: number;
  /** Where callbacks go. */
  readonly callbackPath: string;
  /** The secret that signs them; absent: this subject verifies nothing. */
  readonly secret?: string;
  /** The stream of the measured events of all tasks, or of one. */
  streamPath(taskId?: string): string;
  readonly streamHeaders: Record<string, string>;
  /** Tasks that accept callbacks now. */
  targets(count: number): Promise<Target[]>;
  /** Ends the process and removes what it wrote. */
  close(): Promise<void>;
}
