import { pathToFileURL } from "node:url";
import type { ContentBlock, PromptCapabilities } from "@agentclientprotocol/sdk";
import { type AttachedFile, fencedFile, plainText, textOfFile } from "@mission-control/agent";
import { notCarried } from "../message-files.ts";

/** What an agent is prompted with, or why it cannot be. */
export type Prompt = { blocks: ContentBlock[] } | { refusal: string };

/**
 * A message with its files as content blocks. Every agent takes text; images and embedded resources only one whose
 * `promptCapabilities` say so (Agent Client Protocol, "Initialization"): then a text file goes as text, and any other one
 * not at all.
 */
export function promptOf(
  text: string,
  files: readonly AttachedFile[],
  agent: { name: string; takes: PromptCapabilities },
): Prompt {
  const blocks: ContentBlock[] = [{ type: "text", text: plainText(text) }];
  for (const file of files) {
    const block = blockOf(file, agent.takes);
    if (!block) return { refusal: notCarried(agent.name, file) };
    blocks.push(block);
  }
  return { blocks };
}

function blockOf(file: AttachedFile, { image, embeddedContext }: PromptCapabilities): ContentBlock | null {
  const { name, mediaType: mimeType, content } = file;
  if (image && mimeType.startsWith("image/")) return { type: "image", mimeType, data: content };
  const text = textOfFile(file);
  if (embeddedContext) {
    // It names no file of the agent's machine: nothing lies there.
    const uri = pathToFileURL(`/attachments/${name}`).href.replace("file:", "attachment:");
    const resource = text === null ? { uri, mimeType, blob: content } : { uri, mimeType, text };
    return { type: "resource", resource };
  }
  return text === null ? null : { type: "text", text: fencedFile(name, text) };
}
