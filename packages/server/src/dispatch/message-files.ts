import { createHash } from "node:crypto";
import {
  type AttachedFile,
  type Attachment,
  MAX_ATTACHMENTS_BYTES,
  type SentFile,
  UNKNOWN_MEDIA_TYPE,
} from "@mission-control/protocol";
import { newId } from "../ids.ts";
import { type Contents, keepWhole } from "../store/contents.ts";
import type { Store } from "../store/store.ts";
import type { SentAlong } from "../tasks/change.ts";

/** Why the files of a message cannot be taken; `path` says which one is to blame. */
export class AttachmentError extends Error {
  readonly code = "attachment";
  override name = "AttachmentError";
  readonly path: string;

  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}

export interface MessageFilesOptions {
  store: Pick<Store, "artifact" | "message">;
  contents: Pick<Contents, "keep" | "read">;
}

/**
 * The files that go with messages. They are artifacts of the task: their bytes are kept before the message that names
 * them, and read again when it is delivered.
 */
export class MessageFiles {
  readonly #options: MessageFilesOptions;

  constructor(options: MessageFilesOptions) {
    this.#options = options;
  }

  /**
   * Keeps what comes with a message, durably, and looks up what the task has already.
   * @throws AttachmentError; ContentError `no_room`; StoreUnavailableError
   */
  async take(taskId: string, attachments: readonly Attachment[]): Promise<SentAlong[]> {
    const { contents } = this.#options;
    const known = await Promise.all(
      attachments.map((attachment, index) => this.#resolve(taskId, attachment, `attachments.${index}`)),
    );
    const total = known.reduce((sum, { file }) => sum + file.size, 0);
    if (total > MAX_ATTACHMENTS_BYTES) {
      const most = `${MAX_ATTACHMENTS_BYTES / 1024 / 1024} MiB`;
      throw new AttachmentError("attachments", `may be ${most} large together`);
    }
    for (const { file, bytes } of known) {
      if (bytes) await keepWhole(contents, bytes, file.sha256);
    }
    return known.map(({ file, bytes }) => ({ file, isNew: bytes !== undefined }));
  }

  /** The files of the message with an id, as {@link read} gives them; null, too, where there is no such message. */
  async of(messageId: string): Promise<SentFile[] | null> {
    const message = await this.#options.store.message(messageId);
    return message && this.read(message.attachments ?? []);
  }

  /** The files of a message with their bytes; null where some are not kept any more. @throws StoreUnavailableError */
  async read(files: readonly AttachedFile[]): Promise<SentFile[] | null> {
    const read: SentFile[] = [];
    for (const { name, mediaType, size, sha256 } of files) {
      const content = await this.#options.contents.read(sha256);
      if (!content) return null;
      const pieces: Uint8Array[] = [];
      for await (const piece of content.bytes) pieces.push(piece);
      read.push({ name, mediaType, size, content: Buffer.concat(pieces).toString("base64") });
    }
    return read;
  }

  async #resolve(
    taskId: string,
    attachment: Attachment,
    path: string,
  ): Promise<{ file: AttachedFile; bytes?: Buffer }> {
    if ("artifactId" in attachment) {
      const { artifactId } = attachment;
      const found = await this.#options.store.artifact(taskId, artifactId);
      if (!found) throw new AttachmentError(`${path}.artifactId`, "is no artifact of the task");
      const { name, mediaType, size, sha256 } = found;
      return { file: { artifactId, name, mediaType, size, sha256 } };
    }
    const { name, mediaType = UNKNOWN_MEDIA_TYPE, content } = attachment;
    const bytes = Buffer.from(content, "base64");
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    return { file: { artifactId: newId("artifact"), name, mediaType, size: bytes.length, sha256 }, bytes };
  }
}
