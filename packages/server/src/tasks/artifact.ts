import type { Callback } from "@mission-control/protocol";

/** An artifact without its content, which is kept elsewhere. `size` in bytes, `sha256` in hexadecimal. */
export interface Artifact {
  readonly id: string;
  readonly name: string;
  readonly mediaType: string;
  readonly size: number;
  readonly sha256: string;
}

/** An artifact as it is kept: whose it is, and when it came. */
export interface ArtifactRecord extends Artifact {
  readonly taskId: string;
  readonly dispatchId: string;
  /** The message that the operator sent it with; absent for what the attempt left behind. */
  readonly messageId?: string | undefined;
  readonly createdAt: string;
}

type ArtifactCallback = Extract<Callback, { type: "artifact" }>;

/** A callback as the rules get it: of an artifact, what its content is, not the content itself. */
export type AgentReport =
  | Exclude<Callback, ArtifactCallback>
  | (Omit<ArtifactCallback, "artifact"> & { artifact: Artifact });
