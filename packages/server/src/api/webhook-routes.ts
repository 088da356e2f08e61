import {
  createWebhookSchema,
  deliveryDetailSchema,
  deliveryPageSchema,
  deliveryQuerySchema,
  deliverySchema,
  patchWebhookSchema,
  replaySchema,
  rotateSecretSchema,
  webhookEndpointSchema,
  webhookSecretSchema,
} from "@mission-control/protocol";
import { z } from "zod";
import type { Webhooks } from "../outbound/webhooks.ts";
import { listOf, NO_CONTENT, PROBLEM_RESPONSE } from "./documentation.ts";
import type { HttpApp } from "./http-app.ts";
import { notFound } from "./problems.ts";

const tags = ["Webhooks"];
const params = z.object({ id: z.string() });
const response = { 200: webhookEndpointSchema, ...PROBLEM_RESPONSE };
/** An endpoint's `ETag` is its `updatedAt`, in quotes: what its deliveries change of it is no edit. */
const editHeaders = z.object({
  "if-match": z
    .string()
    .regex(/^"[^"]+"$/, "must be an ETag of the endpoint: its updatedAt, in double quotes")
    .transform((tag) => tag.slice(1, -1))
    .optional()
    .describe("The endpoint's `updatedAt` in double quotes: 412 where it was edited since."),
});

/** Endpoints that events are delivered to, and the deliveries (docs/contract.md, section 6). */
export function webhookRoutes(app: HttpApp, webhooks: Webhooks): void {
  endpointRoutes(app, webhooks);
  deliveryRoutes(app, webhooks);
}

function endpointRoutes(app: HttpApp, webhooks: Webhooks): void {
  app.post(
    "/api/webhooks/endpoints",
    {
      schema: {
        tags,
        operationId: "createWebhook",
        summary: "Add an endpoint that events are delivered to",
        description: "Events from now on. The signing `secret` is in this answer and never shown again.",
        body: createWebhookSchema,
        response: { 201: webhookSecretSchema, ...PROBLEM_RESPONSE },
      },
    },
    async (request, reply) => {
      const endpoint = await webhooks.create(request.body);
      reply.code(201).header("Location", `/api/webhooks/endpoints/${endpoint.id}`);
      return endpoint;
    },
  );

  app.get(
    "/api/webhooks/endpoints",
    {
      schema: {
        tags,
        operationId: "listWebhooks",
        summary: "List endpoints, and how they do",
        response: { 200: listOf(webhookEndpointSchema), ...PROBLEM_RESPONSE },
      },
    },
    async () => ({ items: await webhooks.list() }),
  );

  app.get(
    "/api/webhooks/endpoints/:id",
    { schema: { tags, operationId: "getWebhook", summary: "Read an endpoint", params, response } },
    async (request) => found(await webhooks.get(request.params.id)),
  );

  app.patch(
    "/api/webhooks/endpoints/:id",
    {
      schema: {
        tags,
        operationId: "updateWebhook",
        summary: "Edit an endpoint, or switch it off or on",
        description: "Switched on, it goes on where it stopped, as far as the log reaches back.",
        params,
        headers: editHeaders,
        body: patchWebhookSchema,
        response,
      },
    },
    async (request) => {
      const { params, body, headers } = request;
      return found(await webhooks.update(params.id, body, headers["if-match"]));
    },
  );

  app.delete(
    "/api/webhooks/endpoints/:id",
    {
      schema: {
        tags,
        operationId: "deleteWebhook",
        summary: "Remove an endpoint with its deliveries",
        params,
        response: { 204: NO_CONTENT, ...PROBLEM_RESPONSE },
      },
    },
    async (request, reply) => {
      if (!(await webhooks.remove(request.params.id))) throw notFound("endpoint");
      return reply.code(204).send();
    },
  );

  app.post(
    "/api/webhooks/endpoints/:id/test",
    {
      schema: {
        tags,
        operationId: "testWebhook",
        summary: "Send a test message, and tell what came of it",
        description:
          "Sent once, at once, also to an endpoint that is off; `state` says whether it was delivered.",
        params,
        response: { 200: deliverySchema, ...PROBLEM_RESPONSE },
      },
    },
    async (request) => found(await webhooks.deliveries.test(request.params.id)),
  );

  app.post(
    "/api/webhooks/endpoints/:id/rotate",
    {
      schema: {
        tags,
        operationId: "rotateWebhookSecret",
        summary: "Give an endpoint a new secret",
        description: "The new `secret` is shown this once. For a while, requests carry a signature by each.",
        params,
        body: rotateSecretSchema,
        response: { 200: webhookSecretSchema, ...PROBLEM_RESPONSE },
      },
    },
    async (request) => found(await webhooks.rotateSecret(request.params.id, request.body.overlapSeconds)),
  );

  app.post(
    "/api/webhooks/endpoints/:id/replay",
    {
      schema: {
        tags,
        operationId: "replayWebhook",
        summary: "Deliver again all events since one, or since a time",
        description: "Each under the id it had: a receiver that has it already passes over it.",
        params,
        body: replaySchema,
        response: { 202: webhookEndpointSchema, ...PROBLEM_RESPONSE },
      },
    },
    async (request, reply) => {
      reply.code(202);
      return found(await webhooks.replay(request.params.id, request.body.since));
    },
  );
}

function deliveryRoutes(app: HttpApp, webhooks: Webhooks): void {
  app.get(
    "/api/webhooks/deliveries",
    {
      schema: {
        tags,
        operationId: "listDeliveries",
        summary: "List deliveries, newest first",
        querystring: deliveryQuerySchema,
        response: { 200: deliveryPageSchema, ...PROBLEM_RESPONSE },
      },
    },
    async (request) => webhooks.deliveries.list(request.query),
  );

  app.get(
    "/api/webhooks/deliveries/:id",
    {
      schema: {
        tags,
        operationId: "getDelivery",
        summary: "Read a delivery with what is sent and what was answered",
        params,
        response: { 200: deliveryDetailSchema, ...PROBLEM_RESPONSE },
      },
    },
    async (request) => found(await webhooks.deliveries.get(request.params.id), "delivery"),
  );

  app.post(
    "/api/webhooks/deliveries/:id/resend",
    {
      schema: {
        tags,
        operationId: "resendDelivery",
        summary: "Try a delivery again at once",
        description: "Under the id it has. Answers the delivery as it is before that.",
        params,
        response: { 202: deliverySchema, ...PROBLEM_RESPONSE },
      },
    },
    async (request, reply) => {
      reply.code(202);
      return found(await webhooks.deliveries.resend(request.params.id), "delivery");
    },
  );
}

function found<Thing>(thing: Thing | null, what = "endpoint"): Thing {
  if (thing === null) throw notFound(what);
  return thing;
}
