import swagger from "@fastify/swagger";
import * as protocol from "@mission-control/protocol";
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from "fastify-type-provider-zod";
import { z } from "zod";
import { STATUS_CODES } from "../node-http.ts";
import type { HttpApp } from "./http-app.ts";

type Registry = z.core.$ZodRegistry<{ id?: string | undefined }>;

/** Schemas that the document describes once, by name. */
const NAMED = {
  Agent: protocol.agentSchema,
  AgentEndpoint: protocol.endpointSchema,
  AgentSecret: protocol.agentSecretSchema,
  AgentStatus: protocol.agentStatusSchema,
  AnswerPermission: protocol.answerPermissionSchema,
  Artifact: protocol.artifactSchema,
  AttachedFile: protocol.attachedFileSchema,
  Budget: protocol.budgetSchema,
  Callback: protocol.callbackSchema,
  CallbackResponse: protocol.callbackResponseSchema,
  CreateAgent: protocol.createAgentSchema,
  CreateBudget: protocol.createBudgetSchema,
  CreateGateway: protocol.createGatewaySchema,
  CreateSavedView: protocol.createSavedViewSchema,
  CreateTask: protocol.createTaskSchema,
  CreateWebhook: protocol.createWebhookSchema,
  CreatedAgent: protocol.createdAgentSchema,
  Delivery: protocol.deliverySchema,
  DeliveryDetail: protocol.deliveryDetailSchema,
  DeliveryPage: protocol.deliveryPageSchema,
  DeliveryState: protocol.deliveryStateSchema,
  Dispatch: protocol.dispatchSchema,
  DispatchState: protocol.dispatchStateSchema,
  Entry: protocol.entrySchema,
  Event: protocol.eventSchema,
  EventType: protocol.eventTypeSchema,
  Exchange: protocol.exchangeSchema,
  ExchangeDetail: protocol.exchangeDetailSchema,
  ExchangePage: protocol.exchangePageSchema,
  FormField: protocol.formFieldSchema,
  Gateway: protocol.gatewaySchema,
  GatewayAgent: protocol.gatewayAgentSchema,
  GatewayState: protocol.gatewayStateSchema,
  Inbox: protocol.inboxSchema,
  InboxItem: protocol.inboxItemSchema,
  Insights: protocol.insightsSchema,
  InsightFigures: protocol.insightFiguresSchema,
  JsonObject: protocol.jsonObjectSchema,
  Message: protocol.messageSchema,
  MessagePage: protocol.messagePageSchema,
  NoticeKind: protocol.noticeKindSchema,
  PatchAgent: protocol.patchAgentSchema,
  PatchBudget: protocol.patchBudgetSchema,
  PatchSavedView: protocol.patchSavedViewSchema,
  PatchTask: protocol.patchTaskSchema,
  PatchWebhook: protocol.patchWebhookSchema,
  PermissionPolicy: protocol.permissionPolicySchema,
  PermissionRequest: protocol.permissionRequestSchema,
  Priority: protocol.prioritySchema,
  Problem: protocol.problemSchema,
  SavedView: protocol.savedViewSchema,
  SendMessage: protocol.sendMessageSchema,
  SentPayload: protocol.sentPayloadSchema,
  Task: protocol.taskSchema,
  TaskCounts: protocol.taskCountsSchema,
  TaskPage: protocol.taskPageSchema,
  TaskStatus: protocol.taskStatusSchema,
  TaskSummary: protocol.taskSummarySchema,
  TranscriptEntry: protocol.transcriptEntrySchema,
  TranscriptPage: protocol.transcriptPageSchema,
  Usage: protocol.usageSchema,
  WebhookEndpoint: protocol.webhookEndpointSchema,
  WebhookFormat: protocol.webhookFormatSchema,
  WebhookStatus: protocol.webhookStatusSchema,
};

/** The answer of every refused call, for a route's documentation. */
export const PROBLEM_RESPONSE = {
  default: {
    description: "Refused, or failed: problem details (RFC 9457).",
    content: { [protocol.PROBLEM_TYPE]: { schema: protocol.problemSchema } },
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
export const eventPageSchema = z.object({
  items: z.array(protocol.eventSchema),
  nextCursor: z.string().nullable(),
});

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
    transformObject: (document) =>
      withPlainNames(withoutUnused(withWords(nameSchemas(document) as ApiDocument))),
  });
}

/** What a schema that is taken is called beside one of the same name that is given. */
const TAKEN = "Input";

/** Calls a schema that is taken as the one that is given where they are alike, or where there is only the one. */
function withPlainNames<Document extends { components?: object }>(document: Document): Document {
  const { schemas = {} } = (document.components ?? {}) as { schemas?: Record<string, unknown> };
  const plain = (text: string) =>
    text.replace(new RegExp(`(#/components/schemas/\\w+)${TAKEN}"`, "g"), '$1"');
  const textOf = (name: string) => plain(JSON.stringify(schemas[name]));
  const renamed = Object.keys(schemas).filter((name) => {
    const given = name.slice(0, -TAKEN.length);
    return name.endsWith(TAKEN) && (!(given in schemas) || textOf(given) === textOf(name));
  });
  let text = JSON.stringify({ ...document, components: { ...document.components, schemas: {} } });
  let named = JSON.stringify(schemas);
  for (const name of renamed) {
    const given = name.slice(0, -TAKEN.length);
    const reference = (words: string) => `"#/components/schemas/${words}"`;
    text = text.replaceAll(reference(name), reference(given));
    named = named.replaceAll(reference(name), reference(given));
  }
  const kept = Object.entries(JSON.parse(named) as Record<string, unknown>).map(([name, schema]) => [
    renamed.includes(name) ? name.slice(0, -TAKEN.length) : name,
    schema,
  ]);
  const whole = JSON.parse(text) as Document;
  return { ...whole, components: { ...whole.components, schemas: Object.fromEntries(kept) } };
}

interface ApiDocument {
  components?: object;
  paths?: Record<string, Record<string, { responses?: Record<string, { description?: string }> }>>;
}

/** Says of answers that nobody described what their status means. */
function withWords(document: ApiDocument): ApiDocument {
  const operations = Object.values(document.paths ?? {}).flatMap((path) => Object.values(path));
  for (const { responses = {} } of operations) {
    for (const [status, response] of Object.entries(responses)) {
      if (response.description === "Default Response") response.description = STATUS_CODES[status] ?? status;
    }
  }
  return document;
}

type Override = { zodSchema: z.core.$ZodType; jsonSchema: z.core.JSONSchema.BaseSchema };

/** How schemas are written that JSON Schema has no simple word for. */
function override({ zodSchema, jsonSchema }: Override): void {
  if (zodSchema === protocol.jsonObjectSchema) {
    // Its values are recursive; what they may be goes without saying.
    for (const key of Object.keys(jsonSchema)) delete jsonSchema[key];
    Object.assign(jsonSchema, { type: "object", additionalProperties: true });
  }
  if (zodSchema === bytesSchema) Object.assign(jsonSchema, { type: "string", format: "binary" });
  const given = Object.keys(jsonSchema).some((key) => key !== "description") ? null : givenBy(zodSchema);
  if (given) {
    const { $schema: _, ...shape } = z.toJSONSchema(given, {
      io: "output",
      unrepresentable: "any",
      override,
    });
    Object.assign(jsonSchema, shape);
  }
  // A newer server may tell more: what reads its answers must not refuse that.
  if (zodSchema instanceof z.ZodObject && !zodSchema.def.catchall) delete jsonSchema.additionalProperties;
  // The document's maker takes this for an answer without a body.
  if (zodSchema._zod.def.type === "undefined") jsonSchema.type = "null";
}

/** What a transformation gives: in these schemas it is of the shape of what it takes, without null and undefined. */
function givenBy(schema: z.core.$ZodType): z.core.$ZodType | null {
  if (!(schema instanceof z.ZodPipe) || !(schema.out instanceof z.ZodTransform)) return null;
  let given: z.core.$ZodType = schema.in;
  while (given instanceof z.ZodOptional || given instanceof z.ZodNullable) given = given.unwrap();
  return given;
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
