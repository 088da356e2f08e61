import type { LogEvent } from "@mission-control/protocol";
import { z } from "zod";
import { clipped } from "../terminal/text-width.ts";
import { type ApiClient, ApiError } from "./api-client.ts";

const namedSchema = z.object({ name: z.string() });
const titledSchema = z.object({ title: z.string() });

/** Names that are remembered, of each kind: what a long tail has passed is asked for again. */
const MOST_REMEMBERED = 2000;
/** Of a title, so many cells are shown, so that what is said has room beside it. */
const TITLE_CELLS = 48;

/** What events are about, in people's words: the agent's name and the task's title. */
export class EventSubjects {
  readonly #client: ApiClient;
  readonly #names = new Map<string, string>();

  constructor(client: ApiClient) {
    this.#client = client;
  }

  async of(event: LogEvent): Promise<string> {
    const { type, taskId, agentId, message, data } = event;
    const own = type === "task" ? taskId : type === "agent" ? agentId : undefined;
    // The event itself says what it is called; edited, it may be called otherwise.
    if (own && message && data.change !== "edited") this.#remember(own, message);
    else if (own) this.#names.delete(own);
    const agent = agentId && (await this.#nameOf(agentId, "agents", namedSchema));
    const task = taskId && (await this.#nameOf(taskId, "tasks", titledSchema));
    return [agent, task && clipped(task, TITLE_CELLS)].filter(Boolean).join(" · ");
  }

  /** Its name or, where there is none any more or the server does not say, its id. */
  async #nameOf(
    id: string,
    list: "agents" | "tasks",
    schema: z.ZodType<{ name: string } | { title: string }>,
  ): Promise<string> {
    const known = this.#names.get(id);
    if (known !== undefined) return known;
    try {
      const found = await this.#client.get(`/api/${list}/${encodeURIComponent(id)}`, schema);
      return this.#remember(id, "name" in found ? found.name : found.title);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) this.#remember(id, id);
      return id;
    }
  }

  #remember(id: string, name: string): string {
    this.#names.delete(id);
    this.#names.set(id, name);
    const [oldest] = this.#names.keys();
    if (oldest !== undefined && this.#names.size > MOST_REMEMBERED) this.#names.delete(oldest);
    return name;
  }
}

/** What an event is about, by its id. */
export function subjectId({ taskId, agentId }: LogEvent): string {
  return taskId ?? agentId ?? "";
}
