import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { FastifyBaseLogger, FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";

/** The framework's instance that routes are added to, with bodies and queries typed by their zod schemas. */
export type HttpApp = FastifyInstance<
  Server,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** Handles a request under the framework, on Node's own objects. */
export type RawHandler = (request: IncomingMessage, response: ServerResponse) => void;
