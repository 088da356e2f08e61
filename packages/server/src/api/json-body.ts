import type { FastifyRequest } from "fastify";
import { parse } from "secure-json-parse";
import type { BodyReader } from "../ingress/body-reader.ts";
import { pathOfLoneSurrogate } from "../unicode.ts";
import type { HttpApp } from "./http-app.ts";
import { ProblemError } from "./problems.ts";

const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * Lets the routes of an app, and those below it, take JSON bodies.
 * @param bodies within whose budget they are read
 * @param maxBytes of one body
 */
export function takeJsonBodies(app: HttpApp, bodies: BodyReader, maxBytes: number): void {
  // A part of an app has its parent's, and its own bound.
  app.removeContentTypeParser("application/json");
  app.addContentTypeParser("application/json", async (request: FastifyRequest) => {
    const body = await new Promise<Buffer>((resolve, reject) => {
      bodies.read(request.raw, maxBytes, (error, whole) => (error ? reject(error) : resolve(whole)));
    });
    return parseJson(body);
  });
}

/**
 * Reads a JSON body strictly. An empty one is no body, as many clients send with a call that takes none.
 * @throws ProblemError 400, also for names that would reach an object's prototype if it were merged into another
 */
function parseJson(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  try {
    const text = decoder.decode(body);
    const value: unknown = parse(text, { protoAction: "error", constructorAction: "ignore" });
    const illFormed = pathOfLoneSurrogate(text, value);
    if (illFormed === null) return value;
    throw new SyntaxError(`${illFormed || "it"} holds half of a surrogate pair, which is no character`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `The body is not JSON: ${reason}`;
    throw new ProblemError(400, message, { errors: [{ path: "", message }] });
  }
}
