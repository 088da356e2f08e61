import type { PermissionPolicy, PermissionRequest } from "@mission-control/protocol";
import type { Ruling } from "./change.ts";
import { answerPermission } from "./permissions.ts";
import type { Attempt } from "./task.ts";

/** Behind one of these, a shell may run something else than the command begins with. */
const MORE_THAN_ONE_COMMAND = /[;&|`$(){}<>\\\n\r]/;

interface PolicyAnswer {
  optionId: string;
  /** What of the policy decided, in words. */
  rule: string;
  /** The same as it stands in the policy: the beginning of a command, the name of a tool, or what holds for all else. */
  matched: { command: string } | { tool: string } | { otherwise: "deny" };
}

/**
 * What an agent's policy answers to a request; null where the operator is asked. Allows once and never for good, and fills
 * in no form.
 */
export function answerOf(
  { allowTools, allowCommands, otherwise }: PermissionPolicy,
  { options, tool, fields }: PermissionRequest,
): PolicyAnswer | null {
  if (fields) return null;
  const option = (...kinds: string[]) =>
    kinds.flatMap((kind) => options.filter((one) => one.kind === kind))[0]?.optionId;
  const allow = option("allow_once");
  const command = commandOf(tool?.input);
  const begins = command === null ? undefined : allowCommands.find((words) => beginsWith(command, words));
  if (allow !== undefined && begins !== undefined)
    return { optionId: allow, rule: `the command begins with "${begins}"`, matched: { command: begins } };
  if (allow !== undefined && tool?.name !== undefined && allowTools.includes(tool.name)) {
    return { optionId: allow, rule: `the tool ${tool.name} is allowed`, matched: { tool: tool.name } };
  }
  const deny = otherwise === "deny" ? option("reject_once", "reject_always") : undefined;
  if (deny === undefined) return null;
  return { optionId: deny, rule: "nothing allows it", matched: { otherwise: "deny" } };
}

/** Adds to what a new request comes to what its agent's policy answers, attributed beside it as such. */
export function withPolicy<R extends Ruling & { attempt?: Attempt | undefined }>(
  ruling: R,
  request: PermissionRequest,
  policy: PermissionPolicy | undefined,
  now: string,
): R {
  const { attempt, events, beside } = ruling;
  const answer =
    policy && attempt?.permissions?.some(({ request: asked, state }) => asked === request && state === "open")
      ? answerOf(policy, request)
      : null;
  if (!attempt || !answer) return ruling;
  const { optionId, rule, matched } = answer;
  const given = {
    kind: "answer_permission",
    taskId: attempt.taskId,
    requestId: request.id,
    optionId,
  } as const;
  const answered = answerPermission(attempt, given, now);
  if (answered.refusal) return ruling;
  const attributed = answered.events.map((event) => ({
    ...event,
    data: { ...event.data, by: "policy", rule, matched },
  }));
  return {
    ...ruling,
    ...answered,
    beside: { ...beside, ...answered.beside },
    events: [...events, ...attributed],
  };
}

/** The command that a tool call is about; null where it is about none. */
function commandOf(input: NonNullable<PermissionRequest["tool"]>["input"]): string | null {
  const command = typeof input === "object" ? input.command : input;
  return typeof command === "string" ? command.trim() : null;
}

function beginsWith(command: string, words: string): boolean {
  if (MORE_THAN_ONE_COMMAND.test(command)) return false;
  return command === words || command.startsWith(`${words} `);
}
