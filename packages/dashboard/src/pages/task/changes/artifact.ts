import type { ArtifactView } from "@mission-control/protocol";

/** How an artifact can be looked at here: as a diff, a picture, a text; or not at all. */
export type Preview = "diff" | "image" | "text" | null;

/** More bytes than this are not read into the page. */
export const MOST_PREVIEWED = 2_000_000;

/** Pictures that a browser draws without running anything of them. */
const IMAGES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"]);
const DIFFS = new Set(["text/x-patch", "text/x-diff", "text/patch", "text/diff"]);
const TEXTS = new Set([
  "application/json",
  "application/xml",
  "application/yaml",
  "application/x-sh",
  "application/toml",
]);

/** What can be shown of an artifact. Whatever a browser would run or render as a page is text here, or a download. */
export function previewOf({
  name,
  mediaType,
  size,
}: Pick<ArtifactView, "name" | "mediaType" | "size">): Preview {
  if (size > MOST_PREVIEWED) return null;
  const type = mediaType.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (IMAGES.has(type)) return "image";
  const isText =
    type.startsWith("text/") || TEXTS.has(type) || type.endsWith("+json") || type.endsWith("+xml");
  if (DIFFS.has(type) || (isText && /\.(patch|diff)$/i.test(name))) return "diff";
  return isText ? "text" : null;
}

/** Newest first; what an attempt handed in under the same name again stands in place of what it was before. */
export function latestArtifacts(artifacts: readonly ArtifactView[]): ArtifactView[] {
  const latest = new Map<string, ArtifactView>();
  for (const artifact of artifacts) {
    const key = `${artifact.dispatchId} ${artifact.name}`;
    const known = latest.get(key);
    if (!known || known.createdAt <= artifact.createdAt) latest.set(key, artifact);
  }
  return [...latest.values()].sort((one, other) => other.createdAt.localeCompare(one.createdAt));
}
