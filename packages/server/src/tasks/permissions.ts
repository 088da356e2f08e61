import {
  type FormValues,
  formErrors,
  type JsonObject,
  type NewEvent,
  type PermissionRequest,
} from "@mission-control/protocol";
import type { AgentReport } from "./artifact.ts";
import {
  type Decision,
  type DeliveryChange,
  limited,
  NOTHING,
  type OperatorChange,
  type Refusal,
  type ReportChange,
  type Ruling,
  refuse,
} from "./change.ts";
import { subjectOf, taskEvent } from "./events.ts";
import type { Attempt, Permission, Task } from "./task.ts";

/** Settled requests that an attempt's record keeps beside the open ones. */
const SETTLED_KEPT = 100;

/** An attempt that runs, the events that announce that it began to, if it did so just now, and what it used. */
export interface Started {
  attempt: Attempt;
  events: NewEvent[];
  beside: Pick<Task, "usage"> | undefined;
}

/**
 * An agent asks for permission or, by `data.state` "withdrawn" or "timed_out", takes back what it asked
 * (docs/contract.md, section 4). Asking again for the same request id replaces the request.
 * @param at when, by the agent's clock
 */
export function requestPermission(
  { attempt, events, beside }: Started,
  { request, message, data }: Extract<AgentReport, { type: "permission" }>,
  at: string,
  now: string,
): Ruling {
  const isWithdrawn = data?.state === "withdrawn" || data?.state === "timed_out";
  const asked = withPermission(
    attempt,
    isWithdrawn ? { request, state: "withdrawn" } : { request, state: "open", askedAt: now },
  );
  const event = taskEvent("permission", subjectOf(attempt), now, {
    message: message ?? request.title,
    data: {
      ...data,
      state: isWithdrawn ? (data?.state ?? "withdrawn") : "requested",
      request: request as JsonObject,
    },
    timestamp: at,
  });
  return {
    beside: isWithdrawn
      ? { ...beside, waitingFor: openRequest(asked), updatedAt: now, lastWordAt: now, silence: undefined }
      : beside,
    attempt: asked,
    events: [...events, event],
    answerEvent: events.length,
  };
}

/** The gateway of an attempt asks for its agent. What it asked already is not asked again. */
export function runQuestion(
  { attempt, events, beside }: Started,
  { request, at }: Extract<ReportChange, { kind: "run_question" }>,
  now: string,
): Ruling {
  if (attempt.permissions?.some((known) => known.request.id === request.id)) return NOTHING;
  const event = taskEvent("permission", subjectOf(attempt), now, {
    message: request.title,
    data: { state: "requested", request: request as JsonObject, source: "gateway" },
    timestamp: at,
  });
  const asked = withPermission(attempt, { request, state: "open", askedAt: now });
  return { beside, attempt: withoutOldest(asked), events: [...events, event] };
}

/** A question of the gateway is settled there: nobody need answer it any more. */
export function runQuestionSettled(
  attempt: Attempt,
  { requestId, at }: Extract<ReportChange, { kind: "run_question_settled" }>,
  now: string,
): Ruling {
  const permission = attempt.permissions?.find((one) => one.request.id === requestId && isOpen(one));
  if (!permission) return NOTHING;
  const after = withPermission(attempt, { ...permission, state: "withdrawn" });
  const event = taskEvent("permission", subjectOf(attempt), now, {
    message: permission.request.title,
    data: { state: "withdrawn", requestId, source: "gateway" },
    timestamp: at,
  });
  return { beside: { waitingFor: openRequest(after), updatedAt: now }, attempt: after, events: [event] };
}

/** Records the operator's answer to an open request, to be handed to the agent. A request is answered once. */
export function answerPermission(
  attempt: Attempt | null,
  { requestId, optionId, values }: Extract<OperatorChange, { kind: "answer_permission" }>,
  now: string,
): Ruling {
  const permission = attempt?.permissions?.findLast(({ request }) => request.id === requestId);
  if (!attempt || !permission || permission.state === "withdrawn") {
    return refuse("not_found", "The task has no such open permission request.");
  }
  const { request } = permission;
  if (permission.state === "answered") {
    const earlier = permission.optionId === undefined ? "" : `, with "${permission.optionId}"`;
    return refuse("conflict", `The request was answered already${earlier}.`);
  }
  if (isExpired(permission, now)) {
    return refuse("conflict", `The request timed out at ${request.expiresAt}: its agent no longer waits.`);
  }
  const refusal = whyNoAnswer(request, optionId, values);
  if (refusal) return { refusal, events: [] };
  const given = { ...(optionId === undefined ? {} : { optionId }), ...(values ? { values } : {}) };
  const answered: Attempt = {
    ...withPermission(attempt, { request, state: "answered", ...given }),
    // An agent that had ended its turn to wait for the answer goes on with it.
    runOutcome: undefined,
  };
  const option = request.options.find((offered) => offered.optionId === optionId);
  const event = taskEvent("permission", subjectOf(attempt), now, {
    message: `${option?.name ?? "Answered"}: ${request.title}`,
    data: { state: "answered", requestId, ...given },
  });
  return {
    beside: { waitingFor: openRequest(answered), updatedAt: now },
    attempt: answered,
    command: { kind: "permission", requestId, ...given },
    events: [event],
  };
}

/** Why an answer is none to a request; null where it is. One that refuses by its option need not fill in the form. */
function whyNoAnswer(
  { options, fields }: PermissionRequest,
  optionId: string | undefined,
  values: FormValues | undefined,
): Refusal | null {
  const option = options.find((offered) => offered.optionId === optionId);
  if (!option && (options.length > 0 || optionId !== undefined)) {
    const known = options.map((offered) => offered.optionId).join(", ");
    const words = known
      ? `must be one of the request's options: ${known}`
      : "must be left out: there are none";
    return invalid([{ path: "optionId", message: words }]);
  }
  if (!fields)
    return values ? invalid([{ path: "values", message: "must be left out: there are no fields" }]) : null;
  if (!values && option?.kind?.startsWith("reject")) return null;
  const errors = formErrors(fields, values ?? {});
  return errors.length > 0 ? invalid(errors) : null;
}

function invalid(errors: NonNullable<Refusal["errors"]>): Refusal {
  const detail = errors.map(({ path, message }) => `${path} ${message}`).join("; ");
  return { code: "invalid", detail: `${detail}.`, errors };
}

/**
 * Tells whether the agent has the operator's answer. Told once, also of an attempt that is over: an answer that did not
 * arrive is no answer.
 */
export function answerDelivered(
  attempt: Attempt,
  { requestId, reason }: Extract<DeliveryChange, { kind: "answer_delivered" }>,
  now: string,
): Ruling {
  const permission = attempt.permissions?.findLast(
    ({ request, state, delivery }) =>
      request.id === requestId && state === "answered" && delivery === undefined,
  );
  if (!permission) return NOTHING;
  const delivery = reason === undefined ? "delivered" : "undelivered";
  const permissions = attempt.permissions?.map((one) =>
    one === permission ? ({ ...one, delivery } as const) : one,
  );
  const data: JsonObject = { state: delivery, requestId };
  if (reason !== undefined) Object.assign(data, { reason, title: permission.request.title });
  const message = reason ?? `The agent has the answer: ${permission.request.title}`;
  const event = taskEvent("permission", subjectOf(attempt), now, { message, data });
  return { attempt: { ...attempt, permissions }, events: [event] };
}

/** Takes back the requests of an attempt whose time is over, by the server's clock. */
export function expireRequests(attempt: Attempt, now: string): Ruling {
  const isOverdue = (permission: Permission) => isOpen(permission) && isExpired(permission, now);
  const overdue = attempt.permissions?.filter(isOverdue) ?? [];
  if (overdue.length === 0) return NOTHING;
  const permissions = attempt.permissions?.map((permission) =>
    isOverdue(permission) ? settled({ ...permission, state: "withdrawn" }) : permission,
  );
  const after: Attempt = { ...attempt, permissions };
  return {
    beside: { waitingFor: openRequest(after), updatedAt: now },
    attempt: after,
    events: overdue.map(({ request }) =>
      taskEvent("permission", subjectOf(attempt), now, {
        message: request.title,
        data: { state: "timed_out", requestId: request.id, source: "server" },
      }),
    ),
  };
}

/** When the first of an attempt's open requests times out; undefined where none does. */
export function firstExpiry({ permissions }: Attempt): string | undefined {
  if (!permissions) return undefined;
  const times = permissions.filter(isOpen).flatMap(({ request }) => request.expiresAt ?? []);
  return times.sort()[0];
}

function isExpired({ request }: Permission, now: string): boolean {
  return request.expiresAt !== undefined && request.expiresAt <= now;
}

/** The oldest request of an attempt that still waits for an answer: what its task waits for. */
export function openRequest(attempt: Attempt): Task["waitingFor"] {
  return openPermission(attempt)?.request;
}

/** The oldest permission of an attempt that still waits for an answer. */
export function openPermission(attempt: Attempt): Permission | undefined {
  return attempt.permissions?.find(isOpen);
}

/** Withdraws what is still open: an attempt that is over waits for nothing. */
export function withdrawOpen(attempt: Attempt): Attempt {
  if (!openRequest(attempt)) return attempt;
  const permissions = attempt.permissions?.map((permission) =>
    isOpen(permission) ? settled({ ...permission, state: "withdrawn" }) : permission,
  );
  return { ...attempt, permissions };
}

/**
 * Refuses a request that is one too many to be open at a time. What was open already, under a higher limit, stays.
 * @param before the attempt before the decision
 */
export function withinOpenLimit(before: Attempt | null, decision: Decision, limit: number): Decision {
  if (!decision.attempt) return decision;
  if (openCount(decision.attempt) > Math.max(limit, openCount(before))) {
    const detail = `${limit} permission requests of this dispatch wait for their answers already; try again when one is answered, or withdraw one.`;
    return limited("open_permissions", detail);
  }
  return { ...decision, attempt: withoutOldest(decision.attempt) };
}

/**
 * Puts a permission into an attempt, in place of the one with the same request id. One that is asked again after it
 * was settled is a new one: those that wait already come before it.
 */
function withPermission(attempt: Attempt, permission: Permission): Attempt {
  const { permissions = [] } = attempt;
  const known = permissions.findIndex(({ request }) => request.id === permission.request.id);
  const next = isOpen(permission) ? permission : settled(permission);
  const before = permissions[known];
  if (before && (isOpen(before) || !isOpen(next))) {
    // Asked again while it waits, it has waited since it was asked first.
    const { askedAt } = before;
    const kept = isOpen(next) && askedAt !== undefined ? { ...next, askedAt } : next;
    return { ...attempt, permissions: permissions.with(known, kept) };
  }
  return { ...attempt, permissions: [...permissions.filter((one) => one !== before), next] };
}

/**
 * What is kept of a permission that is settled: its tool and diff stay in the log, but an attempt with many of them
 * must not grow by each.
 */
function settled({ request: { id, title, options }, ...rest }: Permission): Permission {
  return { ...rest, request: { id, title, options } };
}

function isOpen({ state }: Permission): boolean {
  return state === "open";
}

function openCount(attempt: Attempt | null): number {
  return attempt?.permissions?.filter(isOpen).length ?? 0;
}

/** The attempt is written with all its requests whenever one comes: settled ones are forgotten, the oldest first. */
function withoutOldest(attempt: Attempt): Attempt {
  const { permissions = [] } = attempt;
  let surplus = permissions.length - openCount(attempt) - SETTLED_KEPT;
  if (surplus <= 0) return attempt;
  return {
    ...attempt,
    permissions: permissions.filter((permission) => isOpen(permission) || surplus-- <= 0),
  };
}
