import {
  createGatewaySchema,
  gatewayAgentSchema,
  gatewaySchema,
  gatewayTestSchema,
} from "@mission-control/protocol";
import { z } from "zod";
import type { GatewayEditor } from "../gateways/gateway-editor.ts";
import type { GatewayRegistry } from "../gateways/registry.ts";
import { listOf, NO_CONTENT, PROBLEM_RESPONSE } from "./documentation.ts";
import type { HttpApp } from "./http-app.ts";
import { notFound, ProblemError } from "./problems.ts";

export interface GatewayRoutesParts {
  gateways: Pick<GatewayRegistry, "caughtUp" | "list" | "test" | "agents">;
  gatewayEditor: Pick<GatewayEditor, "create" | "remove">;
}

/** How long a gateway has to answer, in milliseconds. */
const ANSWER_TIMEOUT_MS = 15_000;

const tags = ["Gateways"];
const idParams = z.object({ id: z.string() });

/** Everything under `/api/gateways` (docs/contract.md, section 2). */
export function gatewayRoutes(app: HttpApp, { gateways, gatewayEditor }: GatewayRoutesParts): void {
  app.get(
    "/api/gateways",
    {
      schema: {
        tags,
        operationId: "listGateways",
        summary: "List gateways and the state of their connections",
        response: { 200: listOf(gatewaySchema), ...PROBLEM_RESPONSE },
      },
    },
    async () => {
      await gateways.caughtUp();
      return { items: gateways.list() };
    },
  );

  app.post(
    "/api/gateways",
    {
      schema: {
        tags,
        operationId: "createGateway",
        summary: "Connect a gateway",
        description:
          "Answers at once; the connection's state is in `GET /api/gateways` and the event stream.",
        body: createGatewaySchema,
        response: { 201: gatewaySchema, ...PROBLEM_RESPONSE },
      },
    },
    async (request, reply) => {
      reply.code(201);
      return gatewayEditor.create(request.body);
    },
  );

  app.post(
    "/api/gateways/test",
    {
      schema: {
        tags,
        operationId: "testGateway",
        summary: "Try to connect to a gateway, without keeping it",
        description:
          "Says what was found there, or why not: what to approve where the gateway asks for pairing.",
        body: createGatewaySchema,
        response: { 200: gatewayTestSchema, ...PROBLEM_RESPONSE },
      },
    },
    async (request) => gateways.test(request.body, AbortSignal.timeout(ANSWER_TIMEOUT_MS)),
  );

  app.delete(
    "/api/gateways/:id",
    {
      schema: {
        tags,
        operationId: "deleteGateway",
        summary: "Disconnect a gateway no agent uses",
        params: idParams,
        response: { 204: NO_CONTENT, ...PROBLEM_RESPONSE },
      },
    },
    async (request, reply) => {
      if (!(await gatewayEditor.remove(request.params.id))) throw notFound("gateway");
      return reply.code(204).send();
    },
  );

  app.get(
    "/api/gateways/:id/agents",
    {
      schema: {
        tags,
        operationId: "listGatewayAgents",
        summary: "List the agents found on a gateway",
        params: idParams,
        response: { 200: listOf(gatewayAgentSchema), ...PROBLEM_RESPONSE },
      },
    },
    async (request) => {
      const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
      await gateways.caughtUp();
      const items = await gateways.agents(request.params.id, signal).catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        throw new ProblemError(502, `The gateway did not list its agents: ${reason}`);
      });
      if (!items) throw notFound("gateway");
      return { items };
    },
  );
}
