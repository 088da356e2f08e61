import { createHash } from "node:crypto";
import { type Problem, type ReportedArtifact, UNKNOWN_MEDIA_TYPE } from "@mission-control/protocol";
import { newId } from "../ids.ts";
import { type Contents, keepWhole } from "../store/contents.ts";
import type { Artifact } from "../tasks/artifact.ts";

/** Why an artifact is not what its callback says it is. */
export interface InvalidArtifact {
  errors: NonNullable<Problem["errors"]>;
}

/** Keeps artifacts that come inside callbacks: their content first, durably, before anything says that it is there. */
export class ArtifactKeeping {
  readonly #contents: Pick<Contents, "keep">;

  constructor(contents: Pick<Contents, "keep">) {
    this.#contents = contents;
  }

  /** @throws ContentError `no_room`; StoreUnavailableError */
  async keep({
    name,
    mediaType,
    content,
    encoding,
    sha256,
  }: ReportedArtifact): Promise<Artifact | InvalidArtifact> {
    const bytes = encoding === "base64" ? fromBase64(content) : Buffer.from(content);
    if (bytes === null) return invalid("content", "is not base64");
    const found = createHash("sha256").update(bytes).digest("hex");
    if (sha256 !== undefined && sha256 !== found) {
      return invalid("sha256", `is not that of the content, which is ${found}`);
    }
    const size = bytes.length;
    await keepWhole(this.#contents, bytes, found);
    return { id: newId("artifact"), name, mediaType: mediaType ?? UNKNOWN_MEDIA_TYPE, size, sha256: found };
  }
}

function invalid(field: string, message: string): InvalidArtifact {
  return { errors: [{ path: `artifact.${field}`, message }] };
}

/** The bytes that a text in base64 stands for, with or without its padding; null where it is something else. */
function fromBase64(text: string): Buffer | null {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64").replace(/=+$/, "") === text.replace(/=+$/, "") ? bytes : null;
}
