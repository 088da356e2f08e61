import type { AgentMessage, AttachedFile, Dispatch, FormValues, PermissionAnswer } from "./wire.ts";

/**
 * Checks that a signed body is a dispatch an agent can work on and answer. Only what the SDK itself needs is looked
 * at: what the server may add later passes through.
 * @returns the dispatch, or a sentence saying what is wrong
 */
export function parseDispatch(body: string): Dispatch | string {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return "The body is not JSON.";
  }
  if (!isObject(value)) return "The body is not a JSON object.";
  if (value.version !== 1)
    return `This agent understands version 1 of a dispatch, not ${String(value.version)}.`;
  for (const path of ["dispatchId", "task.id", "task.title", "agent.id", "callback.url", "callback.secret"]) {
    const found = path
      .split(".")
      .reduce<unknown>((part, name) => (isObject(part) ? part[name] : undefined), value);
    if (typeof found !== "string" || found === "") return `${path} is missing.`;
  }
  return value as unknown as Dispatch;
}

/** The operator's answer to a question, or `undefined` when the body holds none. */
export function parsePermissionAnswer(body: string): PermissionAnswer | undefined {
  try {
    const value: unknown = JSON.parse(body);
    if (!isObject(value)) return undefined;
    const { optionId, values } = value;
    if (typeof optionId !== "string" && !isObject(values)) return undefined;
    return {
      ...(typeof optionId === "string" && { optionId }),
      ...(isObject(values) && { values: values as FormValues }),
    };
  } catch {
    return undefined;
  }
}

/** The message of an operator, or `undefined` when the body holds none. */
export function parseMessage(body: string): AgentMessage | undefined {
  try {
    const value: unknown = JSON.parse(body);
    if (!isObject(value)) return undefined;
    const { id, text, mode = "steer", attachments } = value;
    if (typeof id !== "string" || id === "" || typeof text !== "string") return undefined;
    if (mode !== "steer" && mode !== "next" && mode !== "interrupt") return undefined;
    if (attachments === undefined || attachments === null) return { id, text, mode };
    return Array.isArray(attachments) && attachments.every(isFile)
      ? { id, text, mode, attachments }
      : undefined;
  } catch {
    return undefined;
  }
}

function isFile(value: unknown): value is AttachedFile {
  if (!isObject(value)) return false;
  const { name, mediaType, size, content } = value;
  const texts = [name, mediaType, content];
  return texts.every((text) => typeof text === "string") && typeof size === "number";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
