import { randomBytes } from "node:crypto";
import {
  type AgentView,
  type CreateAgent,
  type Endpoint,
  formatSecret,
  type PatchAgent,
} from "@mission-control/protocol";
import { newId } from "../ids.ts";
import type { AgentRecord } from "../store/records.ts";
import type { Store } from "../store/store.ts";
import type { AgentDirectory } from "./agent-directory.ts";
import { keptEndpoint } from "./agent-endpoint.ts";
import { agentEvent } from "./agent-event.ts";

const SECRET_BYTES = 32;

/** The agent is not sent anything signed: it lives behind a gateway. */
export class NoAgentSecretError extends Error {
  readonly code = "no_agent_secret";
  override name = "NoAgentSecretError";
}

/** The agent still has work. */
export class AgentBusyError extends Error {
  readonly code = "agent_busy";
  override name = "AgentBusyError";
}

export interface AgentEditorOptions {
  store: Pick<Store, "edit">;
  /** Shows the agent after the edit. */
  agents: Pick<AgentDirectory, "reachedInTime" | "show">;
  now: () => Date;
  /** Whether agents may have link-local addresses; default false. */
  allowLinkLocal?: boolean;
}

/** An agent after an edit; with its secret where the edit made one, which is shown this once. */
export interface EditedAgent {
  agent: AgentView;
  secret?: string;
}

/** What operators do with agents: each edit is one commit, announced by an event. */
export class AgentEditor {
  readonly #options: AgentEditorOptions;

  constructor(options: AgentEditorOptions) {
    this.#options = options;
  }

  /** Registers an agent; an HTTP agent gets a secret. @throws AgentEndpointError */
  async create(given: CreateAgent): Promise<EditedAgent> {
    const fields = { ...given, endpoint: this.#keptEndpoint(given.endpoint) };
    const now = this.#options.now().toISOString();
    const secret = fields.endpoint.kind === "http" ? newSecret() : undefined;
    const record: AgentRecord = {
      id: newId("agent"),
      ...fields,
      ...(secret === undefined ? {} : { secret }),
      createdAt: now,
      updatedAt: now,
    };
    const event = agentEvent(record, now, { change: "created" });
    const { eventId } = await this.#options.store.edit("agent", record.id, () => ({ record, event }));
    return this.#edited(record, eventId, secret);
  }

  /**
   * Changes the fields that are given; one that becomes an HTTP agent by that gets a secret.
   * @returns null when there is no such agent
   * @throws AgentEndpointError
   */
  async update(id: string, fields: PatchAgent): Promise<EditedAgent | null> {
    const now = this.#options.now().toISOString();
    const changed = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
    const forHttp = newSecret();
    let secret: string | undefined;
    const { record, eventId } = await this.#options.store.edit("agent", id, (current) => {
      if (!current) return { record: null };
      const edited: AgentRecord = { ...current, ...changed, updatedAt: now };
      if (fields.endpoint) edited.endpoint = this.#keptEndpoint(fields.endpoint, current.endpoint);
      const needsSecret = edited.endpoint.kind === "http" && edited.secret === undefined;
      secret = needsSecret ? forHttp : undefined;
      if (secret !== undefined) edited.secret = secret;
      const event = agentEvent(edited, now, { change: "edited", fields: Object.keys(changed) });
      return { record: edited, event };
    });
    return record && this.#edited(record, eventId, secret);
  }

  /**
   * Gives an HTTP agent a new secret; the one it had signs beside it for `overlapSeconds`.
   * @returns null when there is no such agent
   * @throws NoAgentSecretError when it is behind a gateway
   */
  async rotateSecret(id: string, overlapSeconds: number): Promise<Required<EditedAgent> | null> {
    const now = this.#options.now();
    const secret = newSecret();
    const until = new Date(now.getTime() + overlapSeconds * 1000).toISOString();
    const { record, eventId, refusal } = await this.#options.store.edit("agent", id, (current) => {
      if (!current) return { record: null };
      const { endpoint, secret: before } = current;
      if (endpoint.kind !== "http" || before === undefined) {
        const detail = `${current.name} is reached through a gateway: it has no secret of its own.`;
        return { refusal: { code: "conflict", detail } };
      }
      const updatedAt = now.toISOString();
      const rotated = { ...current, secret, previousSecret: { secret: before, until }, updatedAt };
      return {
        record: rotated,
        event: agentEvent(rotated, updatedAt, { change: "edited", fields: ["secret"] }),
      };
    });
    if (refusal) throw new NoAgentSecretError(refusal.detail);
    return record && { ...(await this.#edited(record, eventId)), secret };
  }

  /**
   * @returns whether there was such an agent
   * @throws AgentBusyError while it has work
   */
  async remove(id: string): Promise<boolean> {
    const { store, agents } = this.#options;
    const now = this.#options.now().toISOString();
    const { record, eventId, refusal } = await store.edit("agent", id, (current, { workload }) => {
      if (!current) return { record: null };
      const { underWay, queued } = workload();
      if (underWay + queued > 0) {
        const detail = `${current.name} has ${underWay} running and ${queued} queued tasks: cancel them first.`;
        return { refusal: { code: "conflict", detail } };
      }
      return { record: null, event: agentEvent(current, now, { change: "deleted" }) };
    });
    if (refusal) throw new AgentBusyError(refusal.detail);
    await agents.reachedInTime(eventId);
    return record === null && eventId !== null;
  }

  #keptEndpoint(given: Endpoint, current?: Endpoint): Endpoint {
    return keptEndpoint(given, current, { allowLinkLocal: this.#options.allowLinkLocal ?? false });
  }

  async #edited(record: AgentRecord, eventId: number | null, secret?: string): Promise<EditedAgent> {
    const { agents } = this.#options;
    await agents.reachedInTime(eventId);
    return { agent: agents.show(record), ...(secret === undefined ? {} : { secret }) };
  }
}

function newSecret(): string {
  return formatSecret(randomBytes(SECRET_BYTES));
}
