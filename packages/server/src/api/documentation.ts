import swagger from "@fastify/swagger";
import {
  agentSchema,
  agentSecretSchema,
  artifactSchema,
  callbackResponseSchema,
  callbackSchema,
  createdAgentSchema,
  deliveryDetailSchema,
  deliverySchema,
  dispatchSchema,
  endpointSchema,
  entrySchema,
  eventSchema,
  gatewayAgentSchema,
  gatewaySchema,
  inboxItemSchema,
  inboxSchema,
  jsonObjectSchema,
  messagePageSchema,
  messageSchema,
  PROBLEM_TYPE,
  permissionRequestSchema,
  problemSchema,
  savedViewSchema,
  taskPageSchema,
  taskSchema,
  taskSummarySchema,
  transcriptEntrySchema,
  usageSchema,
  webhookEndpointSchema,
} from "@mission-control/protocol";
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from "fastify-type-provider-zod";
import { z } from "zod";
import type { HttpApp } from "./http-app.ts";

type Registry = z.core.$ZodRegistry<{ id?: string | undefined }>;

/** Schemas that the document describes once, by name. */
const NAMED = {
  Agent: agentSchema,
  Artifact: artifactSchema,
  AgentEndpoint: endpointSchema,
  AgentSecret: agentSecretSchema,
  Callback: callbackSchema,
  CallbackResponse: callbackResponseSchema,
  CreatedAgent: createdAgentSchema,
  Delivery: deliverySchema,
  DeliveryDetail: deliveryDetailSchema,
  Dispatch: dispatchSchema,
  Entry: entrySchema,
  Event: eventSchema,
  Gateway: gatewaySchema,
  GatewayAgent: gatewayAgentSchema,
  Inbox: inboxSchema,
  InboxItem: inboxItemSchema,
  JsonObject: jsonObjectSchema,
  Message: messageSchema,
  MessagePage: messagePageSchema,
  PermissionRequest: permissionRequestSchema,
  Problem: problemSchema,
  SavedView: savedViewSchema,
  Task: taskSchema,
  TaskPage: taskPageSchema,
  TaskSummary: taskSummarySchema,
  TranscriptEntry: transcriptEntrySchema,
  Usage: usageSchema,
  WebhookEndpoint: webhookEndpointSchema,
};

/** The answer of every refused call, for a route's documentation. */
export const PROBLEM_RESPONSE = {
  default: {
    description: "Refused, or failed: problem details (RFC 9457).",
    content: { [PROBLEM_TYPE]: { schema: problemSchema } },
  },
};

/** An answer without a body. */
export const NO_CONTENT = z.undefined().describe("Done; no body.");

/** Bytes, which are streamed and never looked at. */
export const bytesSchema = z.unknown();

/** A list in the shape all lists have. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item) });
}

/** A page of the event log. */
export const eventPageSchema = z.object({ items: z.array(eventSchema), nextCursor: z.string().nullable() });

/**
 * Makes the OpenAPI 3.1 document from the schemas that validate. To be called before the routes are added; serves
 * nothing by itself.
 * @param sessionCookie name of the session's cookie
 * @param server the URL that the paths go on from; may be relative to the document's own
 */
export async function describeApi(app: HttpApp, sessionCookie: string, server: string): Promise<void> {
  const schemaRegistry: Registry = z.registry();
  for (const [id, schema] of Object.entries(NAMED)) schemaRegistry.add(schema, { id });
  const options = { schemaRegistry, zodToJsonConfig: { override } };
  const nameSchemas = createJsonSchemaTransformObject(options);
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Mission Control",
        version: "1",
        description: "Dispatch tasks to AI agents and watch, live and truthfully, what they do.",
      },
      servers: [{ url: server }],
      components: {
        securitySchemes: {
          bearer: { type: "http", scheme: "bearer", description: "The administrator's token." },
          session: {
            type: "apiKey",
            in: "cookie",
            name: sessionCookie,
            description: "A log-in's cookie, `__Host-` before its name where it was set over TLS.",
          },
          sessionKey: { type: "apiKey", in: "header", name: "Mission-Control-Session-Key" },
        },
      },
      security: [{ bearer: [] }, { session: [], sessionKey: [] }],
    },
    transform: createJsonSchemaTransform(options),
    transformObject: (document) => withoutUnused(nameSchemas(document) as { components?: object }),
  });
}

type Override = { zodSchema: z.core.$ZodType; jsonSchema: z.core.JSONSchema.BaseSchema };

/** How schemas are written that JSON Schema has no simple word for. */
function override({ zodSchema, jsonSchema }: Override): void {
  if (zodSchema === jsonObjectSchema) {
    // Its values are recursive; what they may be goes without saying.
    for (const key of Object.keys(jsonSchema)) delete jsonSchema[key];
    jsonSchema.type = "object";
  }
  if (zodSchema === bytesSchema) Object.assign(jsonSchema, { type: "string", format: "binary" });
  // The document's maker takes this for an answer without a body.
  if (zodSchema._zod.def.type === "undefined") jsonSchema.type = "null";
}

/** Every named schema comes as input and as output; those that nothing refers to only clutter. */
function withoutUnused<Document extends { components?: object }>(document: Document): Document {
  const components: { schemas?: Record<string, unknown> } = document.components ?? {};
  const schemas = { ...components.schemas };
  const rest = { ...document, components: { ...components, schemas: {} } };
  for (let removed = true; removed; ) {
    const text = JSON.stringify([rest, schemas]);
    const unused = Object.keys(schemas).filter((name) => !text.includes(`"#/components/schemas/${name}"`));
    for (const name of unused) delete schemas[name];
    removed = unused.length > 0;
  }
  return { ...document, components: { ...components, schemas } };
}
