import {
  agentSchema,
  agentSecretSchema,
  createAgentSchema,
  createdAgentSchema,
  patchAgentSchema,
  rotateSecretSchema,
} from "@mission-control/protocol";
import { z } from "zod";
import type { AgentDirectory } from "../agents/agent-directory.ts";
import type { AgentEditor } from "../agents/agent-editor.ts";
import { listOf, NO_CONTENT, PROBLEM_RESPONSE } from "./documentation.ts";
import type { HttpApp } from "./http-app.ts";
import { notFound } from "./problems.ts";

const tags = ["Agents"];
const idParams = z.object({ id: z.string() });
const response = { 200: agentSchema, ...PROBLEM_RESPONSE };

export interface AgentRoutesParts {
  agents: Pick<AgentDirectory, "caughtUp" | "list" | "get">;
  agentEditor: Pick<AgentEditor, "create" | "update" | "rotateSecret" | "remove">;
}

/** Everything under `/api/agents` (docs/contract.md, section 2). */
export function agentRoutes(app: HttpApp, { agents, agentEditor }: AgentRoutesParts): void {
  app.post(
    "/api/agents",
    {
      schema: {
        tags,
        operationId: "createAgent",
        summary: "Register an agent",
        description: "An HTTP agent's signing `secret` is in this answer and never shown again.",
        body: createAgentSchema,
        response: { 201: createdAgentSchema, ...PROBLEM_RESPONSE },
      },
    },
    async (request, reply) => {
      const { agent, secret } = await agentEditor.create(request.body);
      reply.code(201).header("Location", `/api/agents/${agent.id}`);
      return { ...agent, ...(secret === undefined ? {} : { secret }) };
    },
  );

  app.get(
    "/api/agents",
    {
      schema: {
        tags,
        operationId: "listAgents",
        summary: "List agents",
        response: { 200: listOf(agentSchema), ...PROBLEM_RESPONSE },
      },
    },
    async () => {
      await agents.caughtUp();
      return { items: agents.list() };
    },
  );

  app.get(
    "/api/agents/:id",
    { schema: { tags, operationId: "getAgent", summary: "Read an agent", params: idParams, response } },
    async (request) => {
      await agents.caughtUp();
      const agent = agents.get(request.params.id);
      if (!agent) throw notFound("agent");
      return agent;
    },
  );

  app.patch(
    "/api/agents/:id",
    {
      schema: {
        tags,
        operationId: "updateAgent",
        summary: "Edit an agent",
        description: "One that becomes an HTTP agent by this gets a secret, shown this once.",
        params: idParams,
        body: patchAgentSchema,
        response: { 200: createdAgentSchema, ...PROBLEM_RESPONSE },
      },
    },
    async (request) => {
      const updated = await agentEditor.update(request.params.id, request.body);
      if (!updated) throw notFound("agent");
      const { agent, secret } = updated;
      return { ...agent, ...(secret === undefined ? {} : { secret }) };
    },
  );

  app.post(
    "/api/agents/:id/rotate",
    {
      schema: {
        tags,
        operationId: "rotateAgentSecret",
        summary: "Give an HTTP agent a new secret",
        description:
          "The new `secret` is shown this once. For a while, what the agent is sent carries a signature by each.",
        params: idParams,
        body: rotateSecretSchema,
        response: { 200: agentSecretSchema, ...PROBLEM_RESPONSE },
      },
    },
    async (request) => {
      const rotated = await agentEditor.rotateSecret(request.params.id, request.body.overlapSeconds);
      if (!rotated) throw notFound("agent");
      return { ...rotated.agent, secret: rotated.secret };
    },
  );

  app.delete(
    "/api/agents/:id",
    {
      schema: {
        tags,
        operationId: "deleteAgent",
        summary: "Remove an agent that has no work",
        params: idParams,
        response: { 204: NO_CONTENT, ...PROBLEM_RESPONSE },
      },
    },
    async (request, reply) => {
      if (!(await agentEditor.remove(request.params.id))) throw notFound("agent");
      return reply.code(204).send();
    },
  );
}
