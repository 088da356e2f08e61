import type { EventFilter, EventType, LogEvent, NoticeKind } from "@mission-control/protocol";
import type { WebhookRecord } from "../store/records.ts";
import { agentsOf, tagsOf } from "./endpoint-filters.ts";
import type { LoggedEvent } from "./log-source.ts";
import { NOTICE_TYPES, noticeKindOf, noticesOf, noticeTypes } from "./notice.ts";
import type { TaskTags } from "./task-tags.ts";

/** What the choice looks at. */
export interface ChosenEvent extends Pick<LoggedEvent, "type" | "json"> {
  taskId?: string | undefined;
  agentId?: string | undefined;
}

/** Which events an endpoint gets. */
export class EventChoice {
  readonly #endpoint: WebhookRecord;
  readonly #tasks: Pick<TaskTags, "hasAny">;
  readonly #agentIds: readonly string[] | undefined;
  readonly #tags: readonly string[] | undefined;
  readonly #notices: readonly NoticeKind[] | null;
  readonly #types: readonly EventType[] | undefined;

  constructor(endpoint: WebhookRecord, tasks: Pick<TaskTags, "hasAny">) {
    this.#endpoint = endpoint;
    this.#tasks = tasks;
    this.#agentIds = agentsOf(endpoint);
    this.#tags = tagsOf(endpoint);
    this.#notices = noticesOf(endpoint);
    this.#types = this.#notices ? noticeTypes(endpoint.types) : endpoint.types;
  }

  /** What the log is asked for. @param isWide whether also for what settles earlier notices */
  filter(isWide: boolean): EventFilter {
    const types = isWide ? NOTICE_TYPES : this.#types;
    const [agentId, ...others] = this.#agentIds ?? [];
    return {
      ...(types ? { types: [...types] } : {}),
      // Of one agent, an index finds the events.
      ...(agentId === undefined
        ? {}
        : others.length === 0
          ? { agentId }
          : { agentIds: [agentId, ...others] }),
    };
  }

  /** Whether an event is to be sent. */
  async isWanted({ type, taskId, agentId, json }: ChosenEvent): Promise<boolean> {
    if (this.#agentIds && (agentId === undefined || !this.#agentIds.includes(agentId))) return false;
    if (this.#types && !this.#types.includes(type)) return false;
    if (isAbout(type, json, this.#endpoint.id)) return false;
    if (this.#notices && !isAmong(this.#notices, json)) return false;
    if (!this.#tags) return true;
    // A budget is of no task, and may be of a tag.
    if (type === "budget") return this.#tags.some((tag) => tag === (JSON.parse(json) as LogEvent).data.tag);
    return taskId !== undefined && (await this.#tasks.hasAny(taskId, this.#tags));
  }
}

/** Whether an event is a notice of one of these kinds. */
function isAmong(kinds: readonly NoticeKind[], json: string): boolean {
  const kind = noticeKindOf(JSON.parse(json) as LogEvent);
  return kind !== null && kinds.includes(kind);
}

/** Whether an event is about the endpoint itself, which is no news to it. */
function isAbout(type: EventType, json: string, endpointId: string): boolean {
  return type === "webhook" && json.includes(`"webhookId":"${endpointId}"`);
}
