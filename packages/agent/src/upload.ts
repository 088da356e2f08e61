import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import type { Upload } from "./artifact.ts";
import { SIMPLE_SIGNATURE_HEADER, signSimple, uploadText } from "./signing.ts";
import type { Target } from "./target.ts";

/** An upload has so much more time than a callback as a line of 20 kB a second needs for it. */
const BYTES_PER_MS = 20;

/** How much longer than a callback an upload may take, in milliseconds. */
export function uploadMs({ size }: Upload): number {
  return size / BYTES_PER_MS;
}

/** The request that uploads an artifact (docs/contract.md, section 4), its body streamed from the file. */
export function uploadRequest(upload: Upload, { url, secret }: Target): { url: string; init: RequestInit } {
  const { name, mediaType, digest, size, path } = upload;
  const dispatchId = dispatchOf(url);
  const init: RequestInit & { duplex: "half" } = {
    method: "PUT",
    headers: {
      "content-type": mediaType,
      "content-length": String(size),
      "content-digest": digest,
      [SIMPLE_SIGNATURE_HEADER]: signSimple(secret, uploadText(dispatchId, name, digest)),
    },
    body: Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array>,
    duplex: "half",
  };
  return { url: `${url.replace(/\/+$/, "")}/artifacts/${encodeURIComponent(name)}`, init };
}

/** The dispatch that a callback URL names; empty for the shared one. */
export function dispatchOf(url: string): string {
  const last = new URL(url).pathname.replace(/\/+$/, "").split("/").at(-1) ?? "";
  return last === "callback" ? "" : decodeURIComponent(last);
}
