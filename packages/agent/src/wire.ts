// The shapes of the wire contract as an agent's author sees them. They repeat the protocol package's schemas on
// purpose: the published SDK carries no schema library. `wire.test.ts` fails when the two drift apart.

/** What an attempt has used so far, in total: the last one reported counts. */
export interface Usage {
  inputTokens?: number | undefined;
  outputTokens?: number | undefined;
  cost?: { amount: number; currency: string } | undefined;
}

/** One way the operator may answer; `kind` follows the Agent Client Protocol (`allow_once`, `reject_once`, …). */
export interface PermissionOption {
  optionId: string;
  name: string;
  kind?: string | undefined;
}

/** A tool call, as a permission request shows it. */
export interface PermissionTool {
  name?: string | undefined;
  title?: string | undefined;
  input?: JsonObject | string | undefined;
  output?: string | undefined;
  state?: "pending" | "running" | "completed" | "failed" | undefined;
  exitCode?: number | undefined;
  durationMs?: number | undefined;
}

/**
 * One field of a form; a `choice` takes one of its `options`, a `multi` any number of them, and with `other` a text of the
 * operator's own, too.
 */
export interface FormField {
  name: string;
  /** What the operator reads beside it; its name, if absent. */
  label?: string | undefined;
  type: "text" | "choice" | "multi" | "boolean";
  options?: string[] | undefined;
  other?: boolean | undefined;
  required?: boolean | undefined;
}

/** What a form was filled in with, by the names of its fields. */
export type FormValues = Record<string, string | boolean | string[]>;

/** The operator's answer: one of the options, where there were any, and what the form was filled in with. */
export interface PermissionAnswer {
  optionId?: string | undefined;
  values?: FormValues | undefined;
}

/** A question only the operator may answer. `id` must be unique within the dispatch. */
export interface PermissionRequest {
  id: string;
  title: string;
  /** Empty where a form alone is asked for. */
  options: PermissionOption[];
  /** What it is about to do. */
  tool?: PermissionTool | undefined;
  /** The changes it is about to make, as a unified diff. */
  diff?: string | undefined;
  /** A form to fill in. */
  fields?: FormField[] | undefined;
  /** Until when the answer is waited for; after that, the server takes the request back. */
  expiresAt?: string | undefined;
}

/** Where a tool call, or a step of a plan, stands. */
export type EntryState = "pending" | "running" | "completed" | "failed";

/** What is the same for entries of every kind. */
interface EntryPart {
  /** Reports with the same `id` are one entry: fields of a later one win. Without one, each report is an entry. */
  id?: string | undefined;
}

/**
 * One thing an agent said, thought, did, planned or changed: what a transcript is made of. All but `kind` is optional.
 * Of a text over 32 KiB the beginning and the end are kept.
 */
export type Entry = EntryPart &
  (
    | { kind: "message"; role?: string | undefined; text?: string | undefined }
    | { kind: "thought"; text?: string | undefined }
    | {
        kind: "tool";
        name?: string | undefined;
        title?: string | undefined;
        input?: JsonObject | string | undefined;
        output?: string | undefined;
        /** The name of an artifact that is reported with the whole output, where that is over 32 KiB. */
        outputArtifact?: string | undefined;
        state?: EntryState | undefined;
        exitCode?: number | undefined;
        durationMs?: number | undefined;
      }
    | { kind: "plan"; steps?: { title: string; state?: EntryState | undefined }[] | undefined }
    | {
        kind: "file";
        path?: string | undefined;
        change?: "created" | "edited" | "deleted" | "renamed" | undefined;
        /** A unified diff. */
        diff?: string | undefined;
      }
  );

/** How a message is to be taken: into what the agent does now, after that, or in place of it. */
export type MessageMode = "steer" | "next" | "interrupt";

/** What the operator writes to an agent at work (docs/contract.md, section 3). */
export interface AgentMessage {
  id: string;
  text: string;
  mode: MessageMode;
  /** Files that go with it, whole; absent for none. */
  attachments?: AttachedFile[] | undefined;
}

/** A file that goes with a message: `content` in base64, `size` in bytes. */
export interface AttachedFile {
  name: string;
  mediaType: string;
  size: number;
  content: string;
}

/** A JSON object whose content is the agent's own. */
export type JsonObject = Record<string, unknown>;

/** What a callback is (docs/contract.md, section 4). */
export type CallbackType = "progress" | "complete" | "error" | "permission" | "artifact";

/** A file that an attempt leaves behind, whole inside its callback. */
export interface InlineArtifact {
  name: string;
  mediaType?: string | undefined;
  content: string;
  encoding?: "utf8" | "base64" | undefined;
  /** Of its bytes, in hexadecimal. */
  sha256?: string | undefined;
}

/** The body of a callback, as it goes over the wire (docs/contract.md, section 4). */
export interface CallbackBody {
  id: string;
  taskId: string;
  agentId: string;
  dispatchId?: string | undefined;
  type: CallbackType;
  message?: string | undefined;
  progress?: number | undefined;
  summary?: string | undefined;
  error?: string | undefined;
  lastState?: string | undefined;
  data?: JsonObject | undefined;
  usage?: Usage | undefined;
  entry?: Entry | undefined;
  request?: PermissionRequest | undefined;
  artifact?: InlineArtifact | undefined;
  timestamp: string;
}

/** Mission Control's answer to a callback it stored. */
export interface CallbackResponse {
  eventId?: number | undefined;
  /** It had been stored before: an earlier answer was lost on its way. */
  duplicate?: boolean | undefined;
  taskStatus?: string | undefined;
}

/** A task as it is handed to an agent (docs/contract.md, section 3). */
export interface Dispatch {
  version: 1;
  dispatchId: string;
  attempt: number;
  task: {
    id: string;
    title: string;
    description: string;
    priority: "low" | "normal" | "high" | "urgent";
    tags: string[];
    context: JsonObject;
    /** What the operator said when the last attempt's result was rejected. */
    feedback: string | null;
  };
  agent: { id: string; name: string; capabilities: string[] };
  callback: { url: string; secret: string; scheme: "standard-webhooks" };
  dispatchedAt: string;
}

/** A callback may not be larger, in bytes. */
export const MAX_CALLBACK_BYTES = 256 * 1024;

/** An artifact may not be larger, in bytes, unless its server is set otherwise. */
export const MAX_ARTIFACT_BYTES = 100 * 1024 * 1024;

/** A text in a callback may not be longer, in UTF-16 units. */
export const MAX_TEXT_LENGTH = 64 * 1024;
