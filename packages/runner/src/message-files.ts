import type { AttachedFile } from "@mission-control/agent";

/** The images that models take. */
const IMAGES: ReadonlySet<string> = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);

export function isImage(mediaType: string): boolean {
  return IMAGES.has(mediaType);
}

/** Why a file cannot be given to an agent, for the operator. */
export function notCarried(agent: string, { name, mediaType }: AttachedFile): string {
  return `${agent} takes no files like ${name} (${mediaType}) with a message: send it as text, or put it where the agent finds it.`;
}
