import type { EventFilter, EventType, LogEvent, NoticeKind } from "@mission-control/protocol";
import type { WebhookRecord } from "../store/records.ts";
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
  readonly #tags: Pick<TaskTags, "has">;
  readonly #notices: readonly NoticeKind[] | null;
  readonly #types: readonly EventType[] | undefined;

  constructor(endpoint: WebhookRecord, tags: Pick<TaskTags, "has">) {
    this.#endpoint = endpoint;
    this.#tags = tags;
    this.#notices = noticesOf(endpoint);
    this.#types = this.#notices ? noticeTypes(endpoint.types) : endpoint.types;
  }

  /** What the log is asked for. @param isWide whether also for what settles earlier notices */
  filter(isWide: boolean): EventFilter {
    const { agentId } = this.#endpoint;
    const types = isWide ? NOTICE_TYPES : this.#types;
    return { ...(types ? { types: [...types] } : {}), ...(agentId === undefined ? {} : { agentId }) };
  }

  /** Whether an event is to be sent. */
  async isWanted({ type, taskId, agentId, json }: ChosenEvent): Promise<boolean> {
    const { id, tag, agentId: of } = this.#endpoint;
    if (of !== undefined && agentId !== of) return false;
    if (this.#types && !this.#types.includes(type)) return false;
    if (isAbout(type, json, id)) return false;
    if (this.#notices && !isAmong(this.#notices, json)) return false;
    return tag === undefined || (taskId !== undefined && (await this.#tags.has(taskId, tag)));
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
