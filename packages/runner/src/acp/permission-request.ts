import type { PermissionOption as AcpOption } from "@agentclientprotocol/sdk";
import type { PermissionOption, PermissionRequest } from "@mission-control/agent";
import { z } from "zod";
import { shortLine } from "../short-line.ts";
import { boundedToolInput } from "../tool-input.ts";
import { diffOf } from "./diff.ts";
import { toolTitle } from "./tool-title.ts";
import type { ToolCall } from "./updates.ts";

/** What Mission Control takes (docs/contract.md, section 4). */
const MAX_TITLE = 4096;
const MAX_OPTIONS = 32;
const MAX_OPTION_ID = 128;
const MAX_OPTION_NAME = 256;
const MAX_KIND = 64;
/** Of a tool's input, in bytes; with a diff it must fit into a callback. */
const MAX_INPUT = 60 * 1024;

/**
 * A request as the agent sends it. Read by less than the SDK's schema asks for: what is missing or new in it is no
 * reason not to ask.
 */
export const permissionParams = z.object({
  sessionId: z.string(),
  toolCall: z.looseObject({ toolCallId: z.string().default("") }),
  options: z.array(
    z.object({ optionId: z.string(), name: z.string().default(""), kind: z.string().default("") }),
  ),
});
export type PermissionParams = z.output<typeof permissionParams>;
export type AgentOption = Pick<AcpOption, "optionId" | "name"> & { kind: string };

/** A question as Mission Control takes it, and which of the agent's options each answer is. */
export interface Question {
  request: PermissionRequest;
  /** @returns the agent's own id of the option that was chosen */
  chosen(optionId: string): string;
}

/** The tool call in one line. */
export function titleOf(tool: ToolCall): string {
  const title =
    tool.title?.trim() || tool.name || (tool.kind && tool.kind !== "other" ? tool.kind : "Use a tool");
  return toolTitle(title, tool.rawInput).toWellFormed();
}

/**
 * Puts an agent's request into the bounds of a permission callback: what is too long is shortened, and what is left
 * out is said.
 * @param id of the request, unique within the dispatch
 * @param options the agent's; there must be one
 */
export function toQuestion(id: string, tool: ToolCall, options: readonly AgentOption[]): Question {
  const shown = choose(options);
  const ids = new Map<string, string>();
  const plain = shown.map(({ optionId, name, kind }, index): PermissionOption => {
    const fits = optionId !== "" && optionId.length <= MAX_OPTION_ID && !ids.has(optionId);
    const own = fits ? optionId : `option-${index + 1}-${id}`;
    ids.set(own, optionId);
    return {
      optionId: own,
      name: shortLine(name.trim() || kind || optionId || `Option ${index + 1}`, MAX_OPTION_NAME),
      ...(kind && { kind: kind.slice(0, MAX_KIND) }),
    };
  });
  const left = options.length - shown.length;
  const note = left > 0 ? ` (${left} more options are not shown)` : "";
  const diff = diffOf(tool);
  return {
    request: {
      id,
      title: `${shortLine(titleOf(tool), MAX_TITLE - note.length)}${note}`,
      options: plain,
      tool: {
        ...(tool.name && { name: shortLine(tool.name, MAX_OPTION_NAME) }),
        title: shortLine(titleOf(tool), MAX_TITLE),
        ...(tool.rawInput !== undefined && { input: boundedToolInput(tool.rawInput, MAX_INPUT) }),
        state: "pending",
      },
      ...(diff !== undefined && { diff }),
    },
    chosen: (optionId) => ids.get(optionId) ?? optionId,
  };
}

/** As many options as can be shown; one to say no is always among them. */
function choose(options: readonly AgentOption[]): AgentOption[] {
  const shown = options.slice(0, MAX_OPTIONS);
  const rejects = ({ kind }: AgentOption) => kind.startsWith("reject");
  const reject = options.find(rejects);
  if (reject && !shown.some(rejects)) shown[MAX_OPTIONS - 1] = reject;
  return shown;
}
