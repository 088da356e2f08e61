import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import type { Upload } from "./artifact.ts";
import { SIMPLE_SIGNATURE_HEADER, signSimple, UPLOAD_OFFSET_HEADER, uploadText } from "./signing.ts";
import type { Target } from "./target.ts";

/** An upload has so much more time than a callback as a line of 20 kB a second needs for it. */
const BYTES_PER_MS = 20;

/** How much longer than a callback an upload may take, in milliseconds. */
export function uploadMs({ size }: Upload): number {
  return size / BYTES_PER_MS;
}

/**
 * The request that uploads an artifact (docs/contract.md, section 4), its body streamed from the file.
 * @param from where it goes on, in bytes
 */
export function uploadRequest(
  upload: Upload,
  { url, secret }: Target,
  from = 0,
): { url: string; init: RequestInit } {
  const { name, mediaType, digest, size, path } = upload;
  const range = from > 0 ? `bytes ${from}-${size - 1}/${size}` : undefined;
  const text = uploadText(dispatchOf(url), name, digest, range);
  const init: RequestInit & { duplex: "half" } = {
    method: "PUT",
    headers: {
      "content-type": mediaType,
      "content-length": String(size - from),
      ...(range === undefined
        ? { "content-digest": digest }
        : { "repr-digest": digest, "content-range": range }),
      [SIMPLE_SIGNATURE_HEADER]: signSimple(secret, text),
    },
    body: Readable.toWeb(createReadStream(path, { start: from })) as ReadableStream<Uint8Array>,
    duplex: "half",
  };
  return { url: addressOf(upload, url), init };
}

/** The request that asks where an upload goes on that was cut off: its answer is for {@link offsetIn}. */
export function offsetRequest(upload: Upload, { url, secret }: Target): { url: string; init: RequestInit } {
  const { name, digest } = upload;
  const signature = signSimple(secret, uploadText(dispatchOf(url), name, digest));
  const headers = { "repr-digest": digest, [SIMPLE_SIGNATURE_HEADER]: signature };
  return { url: addressOf(upload, url), init: { method: "HEAD", headers } };
}

/** Where an upload goes on by an answer; from its beginning where that does not say, as a server that knows none. */
export function offsetIn({ ok, headers }: Response, { size }: Upload): number {
  const value = headers.get(UPLOAD_OFFSET_HEADER) ?? "";
  const offset = ok && /^\d{1,15}$/.test(value) ? Number(value) : 0;
  return offset < size ? offset : 0;
}

/** Whether an upload that went on has to start over: there is less of it by now, or it is not what the file has. */
export function isToBegin({ status, headers }: Response): boolean {
  return status === 400 || (status === 409 && headers.has(UPLOAD_OFFSET_HEADER));
}

function addressOf({ name }: Upload, url: string): string {
  return `${url.replace(/\/+$/, "")}/artifacts/${encodeURIComponent(name)}`;
}

/** The dispatch that a callback URL names; empty for the shared one. */
export function dispatchOf(url: string): string {
  const last = new URL(url).pathname.replace(/\/+$/, "").split("/").at(-1) ?? "";
  return last === "callback" ? "" : decodeURIComponent(last);
}
