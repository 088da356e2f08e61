import type { CreateElicitationResponse } from "@agentclientprotocol/sdk";
import type { FormField, FormValues, PermissionAnswer, PermissionRequest } from "@mission-control/agent";
import { z } from "zod";
import { shortLine } from "../short-line.ts";

/** What Mission Control takes (docs/contract.md, section 4). */
const MAX_TITLE = 4096;
const MAX_FIELDS = 32;
const MAX_NAME = 128;
const MAX_OPTIONS = 256;
const MAX_OPTION = 1024;

const choiceSchema = z.looseObject({ const: z.string(), title: z.string().nullish() });
const propertySchema = z.looseObject({
  type: z.string().default("string"),
  title: z.string().nullish(),
  description: z.string().nullish(),
  enum: z.array(z.string()).nullish(),
  oneOf: z.array(choiceSchema).nullish(),
  items: z
    .looseObject({ enum: z.array(z.string()).nullish(), anyOf: z.array(choiceSchema).nullish() })
    .nullish(),
});
type Property = z.output<typeof propertySchema>;

/**
 * The one deadline that an agent is known to tell: after so many milliseconds Codex goes on without an answer (codex-acp
 * 2.6). ACP itself has no field for one, neither in forms nor in requests for permission.
 */
const codexMetaSchema = z.looseObject({ autoResolutionMs: z.number().positive().nullish() });

/**
 * A form as an agent asks for it: a flat object of simple values. Read by less than the SDK's schema asks for.
 * @see https://agentclientprotocol.com/protocol/v1/schema#elicitation-create
 */
export const elicitationParams = z.looseObject({
  message: z.string().default(""),
  mode: z.string().default("form"),
  requestedSchema: z
    .looseObject({
      properties: z.record(z.string(), propertySchema).nullish(),
      required: z.array(z.string()).nullish(),
    })
    .nullish(),
  _meta: z.looseObject({ codex: codexMetaSchema.nullish().catch(undefined) }).nullish(),
});
export type ElicitationParams = z.output<typeof elicitationParams>;

/** A form as Mission Control takes it, and how the agent gets the answer. */
export interface Form {
  request: PermissionRequest;
  answered(answer: PermissionAnswer): CreateElicitationResponse;
}

const SUBMIT = { optionId: "submit", name: "Answer", kind: "allow_once" };
const DECLINE = { optionId: "decline", name: "Decline", kind: "reject_once" };

/**
 * @param id of the request, unique within the dispatch
 * @param now in milliseconds
 * @returns `undefined` where it is no form, or one that Mission Control does not take
 */
export function toForm(
  id: string,
  { message, mode, requestedSchema, _meta }: ElicitationParams,
  now: number,
): Form | undefined {
  const properties = Object.entries(requestedSchema?.properties ?? {});
  if (mode !== "form" || properties.length === 0 || properties.length > MAX_FIELDS) return undefined;
  if (properties.some(([name]) => name === "" || name.length > MAX_NAME)) return undefined;
  const required = new Set(requestedSchema?.required ?? []);
  const choices = new Map(properties.map(([name, property]) => [name, choicesOf(property)]));
  const fields = properties.map(([name, property]): FormField => {
    const options = [...(choices.get(name)?.keys() ?? [])];
    const isRequired = required.has(name) ? { required: true } : {};
    const label = labelOf(name, property);
    if (options.length === 0) return { name, label, type: plainType(property), ...isRequired };
    return { name, label, type: property.type === "array" ? "multi" : "choice", options, ...isRequired };
  });
  const waitMs = _meta?.codex?.autoResolutionMs;
  return {
    request: {
      id,
      title: shortLine(message.trim() || "The agent asks for some values", MAX_TITLE),
      options: [SUBMIT, DECLINE],
      fields,
      ...(waitMs && { expiresAt: new Date(now + waitMs).toISOString() }),
    },
    answered({ optionId, values = {} }) {
      if (optionId === DECLINE.optionId) return { action: "decline" };
      const content = properties.flatMap(([name, property]) => {
        const value = agentsValue(values[name], property, choices.get(name) ?? new Map());
        return value === undefined ? [] : [[name, value]];
      });
      return { action: "accept", content: Object.fromEntries(content) };
    },
  };
}

/** What the operator chooses from, and what the agent calls each; none where any value goes. */
function choicesOf({ enum: plain, oneOf, items }: Property): Map<string, string> {
  const titled = oneOf ?? items?.anyOf ?? [];
  const plainly = (plain ?? items?.enum ?? []).map((value) => ({ const: value, title: value }));
  const choices: readonly { const: string; title?: string | null | undefined }[] =
    titled.length > 0 ? titled : plainly;
  const shown = new Map<string, string>();
  for (const choice of choices.slice(0, MAX_OPTIONS)) {
    const title = choice.title || choice.const || "(empty)";
    // Two may be titled alike.
    const own = shortLine(shown.has(title) ? `${title} (${choice.const})` : title, MAX_OPTION);
    shown.set(own, choice.const);
  }
  return shown;
}

function labelOf(name: string, { title, description, type }: Property): string {
  const hint = type === "number" || type === "integer" ? " (a number)" : "";
  const words = [title || name, description].filter(Boolean).join(": ");
  return shortLine(`${words}${hint}`, MAX_TITLE);
}

function plainType({ type }: Property): FormField["type"] {
  return type === "boolean" ? "boolean" : "text";
}

/** What the agent gets for a field; nothing where it was left empty, or is no number where one is asked for. */
function agentsValue(
  value: FormValues[string] | undefined,
  { type }: Property,
  choices: ReadonlyMap<string, string>,
): string | number | boolean | string[] | undefined {
  if (value === undefined || value === "") return undefined;
  if (Array.isArray(value)) return value.map((one) => choices.get(one) ?? one);
  if (typeof value === "boolean") return value;
  if (type !== "number" && type !== "integer") return choices.get(value) ?? value;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}
