import { MAX_ATTACHMENTS, MAX_ATTACHMENTS_BYTES } from "@mission-control/protocol/message-limits";
import { runText } from "../../../text/run-text.ts";
import { formatSize } from "../../../text/size.ts";
import { base64 } from "../base64.ts";

/** A file that is to go with a message. */
export interface Attached {
  /** What it is called for the agent; unlike any other of its message. */
  name: string;
  mediaType: string;
  /** In bytes. */
  size: number;
  /** In base64. */
  content: string;
}

/**
 * Why more files cannot go with a message, in words; null where they can.
 * @param attached those that are there
 */
export function whyNotMore(attached: readonly Attached[], more: readonly { size: number }[]): string | null {
  if (attached.length + more.length > MAX_ATTACHMENTS) return runText.attach.tooMany(MAX_ATTACHMENTS);
  const total = [...attached, ...more].reduce((sum, { size }) => sum + size, 0);
  return total > MAX_ATTACHMENTS_BYTES ? runText.attach.tooLarge(formatSize(MAX_ATTACHMENTS_BYTES)) : null;
}

/** The files with their bytes, under the names that they have. @throws what the browser says of a file */
export function readFiles(files: readonly File[]): Promise<readonly Attached[]> {
  return Promise.all(
    files.map(async (file) => {
      const bytes = new Uint8Array(await file.arrayBuffer());
      return { name: file.name, mediaType: mediaTypeOf(file), size: bytes.length, content: base64(bytes) };
    }),
  );
}

/** Files with more of them, each under a name of its own that the server takes. */
export function withMore(attached: readonly Attached[], more: readonly Attached[]): readonly Attached[] {
  const all = [...attached];
  for (const file of more) all.push({ ...file, name: freeName(file.name, all) });
  return all;
}

/** A file's name without what the server refuses, and with a number where another has it: pasted pictures all have one. */
export function freeName(given: string, others: readonly { name: string }[]): string {
  const name = given.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}/\\]/gu, "_").trim();
  const wanted = name === "" || name === "." || name === ".." ? "file" : name.slice(-200);
  const taken = new Set(others.map(({ name }) => name));
  const dot = wanted.lastIndexOf(".");
  const end = dot > 0 ? wanted.slice(dot) : "";
  const begin = end === "" ? wanted : wanted.slice(0, dot);
  let free = wanted;
  for (let number = 2; taken.has(free); number += 1) free = `${begin}-${number}${end}`;
  return free;
}

function mediaTypeOf({ type }: File): string {
  return /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/.test(type) ? type : "application/octet-stream";
}
