import type { SentFile } from "@mission-control/protocol";
import { fencedFile, textOfFile } from "@mission-control/protocol/file-text";

/**
 * A file as the gateway's `agent` method takes it, in `attachments`; `content` in base64. It looks at the bytes: images
 * it takes where the agent's model does, up to the size in `policy.attachments` of its `hello-ok`; all else it refuses.
 */
export interface GatewayFile {
  fileName: string;
  mimeType: string;
  content: string;
}

/** What a turn brings to the agent. */
export interface TurnContent {
  message: string;
  attachments?: GatewayFile[];
}

/** So much text may come with a message in its files, in bytes: it stays in the agent's conversation from then on. */
const MAX_TEXT_BYTES = 256 * 1024;
const NOT_KEPT = "[The files that went with this message are not kept any more.]";

/** A message with its files: those that are text become a part of it. @param files null where they are not kept any more */
export function withFiles(text: string, files: readonly SentFile[] | null): TurnContent {
  if (!files) return { message: `${text}\n\n${NOT_KEPT}` };
  const parts = [text];
  const attachments: GatewayFile[] = [];
  for (const file of files) {
    const { name: fileName, mediaType: mimeType, content } = file;
    const asText = textOfFile(file);
    if (asText === null) attachments.push({ fileName, mimeType, content });
    else parts.push(fencedFile(fileName, asText));
  }
  const message = parts.join("\n\n");
  return attachments.length > 0 ? { message, attachments } : { message };
}

/** Why a message's files cannot go with it, as far as can be said before the gateway has seen them; null where they can. */
export function refusalOfFiles(files: readonly SentFile[]): string | null {
  const texts = files.filter((file) => textOfFile(file) !== null);
  const bytes = texts.reduce((sum, { size }) => sum + size, 0);
  if (bytes <= MAX_TEXT_BYTES) return null;
  const kib = (size: number) => `${Math.ceil(size / 1024)} KiB`;
  const names = texts.map(({ name }) => name).join(", ");
  return `An agent behind an OpenClaw Gateway takes ${kib(MAX_TEXT_BYTES)} of text with a message at most, and ${names} has ${kib(bytes)}: send the part that matters, or put it where the agent finds it.`;
}

/** A gateway's refusal of a message, and what can be done where that has files which the gateway had to take. */
export function refusedWith(reason: string, files: readonly SentFile[] = []): string {
  if (files.every((file) => textOfFile(file) !== null)) return reason;
  return `${reason} With a message, it takes images, where the agent's model does, and text: put other files where the agent finds them.`;
}
