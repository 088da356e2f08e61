import type { FastifyRequest } from "fastify";
import { pathOfLoneSurrogate } from "../unicode.ts";
import { ProblemError } from "./problems.ts";

const decoder = new TextDecoder("utf-8", { fatal: true });

/** Names that would reach an object's prototype if the value were ever merged into another. */
const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(["__proto__"]);

/** Reads a JSON body strictly. An empty one is no body, as many clients send with a call that takes none. */
export async function parseJson(_: FastifyRequest, body: string | Buffer): Promise<unknown> {
  if (body.length === 0) return undefined;
  try {
    const text = typeof body === "string" ? body : decoder.decode(body);
    const value: unknown = JSON.parse(text, refuseForbidden);
    const illFormed = pathOfLoneSurrogate(text, value);
    if (illFormed === null) return value;
    throw new SyntaxError(`${illFormed || "it"} holds half of a surrogate pair, which is no character`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ProblemError(400, `The body is not JSON: ${reason}`);
  }
}

function refuseForbidden(key: string, value: unknown): unknown {
  if (FORBIDDEN_KEYS.has(key)) throw new SyntaxError(`the name "${key}" is not allowed`);
  return value;
}
