import { isUtf8 } from "node:buffer";
import type { AttachedFile } from "@mission-control/agent";
import { plainText } from "./prompt.ts";

/** What a file holds, where that is text; null where it is not. */
export function textOf({ content }: AttachedFile): string | null {
  const bytes = Buffer.from(content, "base64");
  return isUtf8(bytes) && !bytes.includes(0) ? bytes.toString("utf8") : null;
}

/** A text file as a part of a prompt: its name, and what it holds in a fence that nothing in it closes. */
export function fencedFile(name: string, text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`{3,}/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return plainText(`${name}:\n\n${fence}\n${text}${text.endsWith("\n") ? "" : "\n"}${fence}`);
}

/** Why a file cannot be given to an agent, for the operator. */
export function notCarried(agent: string, { name, mediaType }: AttachedFile): string {
  return `${agent} takes no files like ${name} (${mediaType}) with a message: send it as text, or put it where the agent finds it.`;
}
