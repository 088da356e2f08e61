import type { ContentBlock, PromptCapabilities } from "@agentclientprotocol/sdk";
import { type AttachedFile, fencedFile, plainText, textOfFile } from "@mission-control/agent";
import { isImage, notCarried } from "../message-files.ts";

/** What an agent is prompted with, or why it cannot be. */
export type Prompt = { blocks: ContentBlock[] } | { refusal: string };

/**
 * A message with its files as content blocks. Every agent takes text; images only one whose `promptCapabilities` say so
 * (Agent Client Protocol, "Initialization"). No file goes as an embedded resource: most agents that say they take those
 * pass over what is in them, or fail (seen with Claude Code, opencode, Copilot and Qwen Code; docs/agents.md).
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

function blockOf(file: AttachedFile, { image }: PromptCapabilities): ContentBlock | null {
  const { name, mediaType: mimeType, content } = file;
  const text = textOfFile(file);
  if (text !== null) return { type: "text", text: fencedFile(name, text) };
  return image && isImage(mimeType) ? { type: "image", mimeType, data: content } : null;
}
