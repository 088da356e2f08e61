import {
  answerPermissionSchema,
  createTaskSchema,
  dispatchTaskSchema,
  patchTaskSchema,
  rejectTaskSchema,
  sentPayloadSchema,
  taskCountQuerySchema,
  taskCountsSchema,
  taskPageSchema,
  taskQuerySchema,
  taskSchema,
} from "@mission-control/protocol";
import { z } from "zod";
import type { AgentDirectory } from "../agents/agent-directory.ts";
import type { Dispatcher } from "../dispatch/dispatcher.ts";
import { turnOf } from "../gateways/kinds.ts";
import { newId } from "../ids.ts";
import type { ChangeResult } from "../store/operations.ts";
import type { Store } from "../store/store.ts";
import { idempotencyHeaders, keyOf, refuse, taskOf } from "./changes.ts";
import { NO_CONTENT, PROBLEM_RESPONSE } from "./documentation.ts";
import type { HttpApp } from "./http-app.ts";
import { notFound, ProblemError } from "./problems.ts";
import { taskSummary, taskView } from "./task-view.ts";

export interface TaskRoutesParts {
  store: Store;
  dispatcher: Dispatcher;
  agents: Pick<AgentDirectory, "get">;
}

const tags = ["Tasks"];
const idParams = z.object({ id: z.string() });
const response = { 200: taskSchema, ...PROBLEM_RESPONSE };

/** Everything under `/api/tasks` but the events (docs/contract.md, section 2). */
export function taskRoutes(app: HttpApp, { store, dispatcher, agents }: TaskRoutesParts): void {
  const changed = async (result: ChangeResult) => taskView(store, taskOf(result));

  app.post(
    "/api/tasks",
    {
      schema: {
        tags,
        operationId: "createTask",
        summary: "Create a task",
        description: "A repeat with the same `Idempotency-Key` and body is answered as the first was.",
        headers: idempotencyHeaders,
        body: createTaskSchema,
        response: { 201: taskSchema, ...PROBLEM_RESPONSE },
      },
    },
    async (request, reply) => {
      const change = { kind: "create", taskId: newId("task"), fields: request.body } as const;
      const result = await store.change(change, keyOf("tasks", request.headers, request.body));
      const task = taskOf(result);
      reply.code(201).header("Location", `/api/tasks/${task.id}`);
      return { ...taskSummary(task), attempts: [] };
    },
  );

  app.get(
    "/api/tasks",
    {
      schema: {
        tags,
        operationId: "listTasks",
        summary: "List tasks",
        description: "The list is exact as of `lastEventId`: a stream opened after it misses nothing.",
        querystring: taskQuerySchema,
        response: { 200: taskPageSchema, ...PROBLEM_RESPONSE },
      },
    },
    async (request) => {
      const { items, nextCursor, lastEventId } = await store.tasks(request.query);
      return { items: items.map(taskSummary), nextCursor, lastEventId };
    },
  );

  app.get(
    "/api/tasks/counts",
    {
      schema: {
        tags,
        operationId: "countTasks",
        summary: "Count tasks by status",
        description:
          "Exact as of `lastEventId`. Where `isComplete` is false, as with a tag of thousands of tasks, there are at least so many.",
        querystring: taskCountQuerySchema,
        response: { 200: taskCountsSchema, ...PROBLEM_RESPONSE },
      },
    },
    async (request) => store.taskCounts(request.query),
  );

  app.get(
    "/api/tasks/:id",
    {
      schema: {
        tags,
        operationId: "getTask",
        summary: "Read a task with its attempts",
        params: idParams,
        response,
      },
    },
    async (request) => {
      const task = await store.task(request.params.id);
      if (!task) throw notFound("task");
      return taskView(store, task);
    },
  );

  app.get(
    "/api/tasks/:id/dispatches/:dispatchId/payload",
    {
      schema: {
        tags,
        operationId: "getDispatchPayload",
        summary: "Read what an agent was sent for an attempt, without the secret",
        description:
          "As it was kept when it was sent (`isKept`). Of an attempt in the queue, or one that an older version sent, it is made from the task and the agent as they are now. `turn` has the words that it was put into for an agent behind an OpenClaw Gateway.",
        params: idParams.extend({ dispatchId: z.string() }),
        response: { 200: sentPayloadSchema, ...PROBLEM_RESPONSE },
      },
    },
    async (request) => {
      const { id, dispatchId } = request.params;
      const sent = await dispatcher.payload(id, dispatchId);
      if (!sent) throw notFound("payload, or its agent is gone");
      const turn = turnOf(sent.kind, sent.payload);
      return { ...sent, ...(turn ? { turn } : {}) };
    },
  );

  app.patch(
    "/api/tasks/:id",
    {
      schema: {
        tags,
        operationId: "updateTask",
        summary: "Edit a task",
        params: idParams,
        body: patchTaskSchema,
        response,
      },
    },
    async (request) =>
      changed(await store.change({ kind: "edit", taskId: request.params.id, fields: request.body })),
  );

  app.delete(
    "/api/tasks/:id",
    {
      schema: {
        tags,
        operationId: "deleteTask",
        summary: "Delete a task nobody works on",
        params: idParams,
        response: { 204: NO_CONTENT, ...PROBLEM_RESPONSE },
      },
    },
    async (request, reply) => {
      refuse(await store.change({ kind: "delete", taskId: request.params.id }));
      return reply.code(204).send();
    },
  );

  app.post(
    "/api/tasks/:id/dispatch",
    {
      schema: {
        tags,
        operationId: "dispatchTask",
        summary: "Dispatch a task to an agent",
        description:
          "Answers once the agent's side accepted (`in_progress`), the agent has no free slot (`queued`), or with 502 when it was refused or unreachable (the task is `failed`). An agent that was sent it and did not answer leaves the task `queued` with the reason as `unknownReason`, and the attempt `unknown`.",
        params: idParams,
        body: dispatchTaskSchema,
        response,
      },
    },
    async (request) => {
      const { id } = request.params;
      const { agentId } = request.body;
      if (!(await store.task(id))) throw notFound("task");
      // One that was registered at another node a moment ago is in the store before it is in the view.
      const agent = agents.get(agentId) ?? (await store.record("agent", agentId));
      if (!agent) throw notFound("agent");
      const result = await dispatcher.dispatch(id, agentId);
      const task = taskOf(result);
      // An attempt that was accepted and then failed is the agent's own failure, not one of the dispatch.
      if (task.status === "failed" && !result.attempt?.acceptedAt) {
        throw new ProblemError(502, task.error ?? "The agent could not be reached.");
      }
      return taskView(store, task);
    },
  );

  app.post(
    "/api/tasks/:id/cancel",
    {
      schema: {
        tags,
        operationId: "cancelTask",
        summary: "Cancel a task",
        description:
          "Ends the current attempt at once, also an `unknown` one, and tells its agent to stop. Whether the agent confirms that is told as a `dispatch` event (`data.cancel`: `confirmed` or `unconfirmed`): an agent that does not may still be at work.",
        params: idParams,
        response,
      },
    },
    async (request) => changed(await dispatcher.cancel(request.params.id)),
  );

  app.post(
    "/api/tasks/:id/force-end",
    {
      schema: {
        tags,
        operationId: "forceEndTask",
        summary: "End an attempt whose outcome nobody knows",
        description:
          "The attempt is `lost` and the task `failed` at once. Its agent is told to stop where it can be reached, and may still be at work: how it answers is told as a `dispatch` event (`data.cancel`).",
        params: idParams,
        response,
      },
    },
    async (request) => changed(await dispatcher.forceEnd(request.params.id)),
  );

  app.post(
    "/api/tasks/:id/approve",
    {
      schema: {
        tags,
        operationId: "approveTask",
        summary: "Take the result of a task in review",
        params: idParams,
        response,
      },
    },
    async (request) => changed(await dispatcher.approve(request.params.id)),
  );

  app.post(
    "/api/tasks/:id/reject",
    {
      schema: {
        tags,
        operationId: "rejectTask",
        summary: "Send a task in review back to its agent",
        params: idParams,
        body: rejectTaskSchema,
        response,
      },
    },
    async (request) => changed(await dispatcher.reject(request.params.id, request.body.feedback)),
  );

  app.post(
    "/api/tasks/:id/permissions/:requestId",
    {
      schema: {
        tags,
        operationId: "answerPermission",
        summary: "Answer an agent's permission request",
        description:
          "With one of its options and, where it has `fields`, the `values` they are filled in with. Whether the agent has the answer is told as a `permission` event (`data.state`: `delivered` or `undelivered`, with the reason).",
        params: idParams.extend({ requestId: z.string() }),
        body: answerPermissionSchema,
        response,
      },
    },
    async (request) => {
      const { id, requestId } = request.params;
      return changed(await dispatcher.answerPermission(id, requestId, request.body));
    },
  );
}
