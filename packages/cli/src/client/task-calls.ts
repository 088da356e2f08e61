import {
  type ArtifactView,
  artifactSchema,
  type EventType,
  eventSchema,
  type LogEvent,
  type TaskStatus,
  type TaskSummary,
  type TaskView,
  type TranscriptPage,
  taskPageSchema,
  taskSchema,
  transcriptPageSchema,
} from "@mission-control/protocol";
import { z } from "zod";
import { CommandError } from "../terminal/command-error.ts";
import { oneLine } from "../terminal/output.ts";
import { type ApiClient, ApiError } from "./api-client.ts";

/** What a search takes, in UTF-16 units. */
const MAX_SEARCH = 200;
const ENDED: ReadonlySet<TaskStatus> = new Set(["completed", "failed", "cancelled"]);

/** The task of this id, or of this title: the only one of it or, of several, the only one that has not ended. @throws CommandError when there is none, or several */
export async function findTask(client: ApiClient, idOrTitle: string): Promise<TaskView> {
  try {
    return await client.get(pathOf(idOrTitle), taskSchema);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
  }
  const titled = await tasksTitled(client, idOrTitle);
  const atWork = titled.filter(({ status }) => !ENDED.has(status));
  const [only, ...others] = atWork.length > 0 ? atWork : titled;
  if (!only) throw noSuchTask(idOrTitle);
  if (others.length > 0) {
    const ids = titled.map(({ id, status }) => `  ${id}  ${status}`).join("\n");
    throw new CommandError(`Several tasks are titled "${idOrTitle}": give the id of one.\n${ids}`);
  }
  return client.get(pathOf(only.id), taskSchema);
}

/** The id of a task that is there or, by its id, was: of one that was deleted there still are events. */
export async function findTaskWithEvents(client: ApiClient, idOrTitle: string): Promise<string> {
  const { items } = await client
    .get(`${pathOf(idOrTitle)}/events?limit=1`, z.object({ items: z.array(z.unknown()) }))
    .catch((error: unknown) => {
      if (error instanceof ApiError && error.status === 404) return { items: [] };
      throw error;
    });
  return items.length > 0 ? idOrTitle : (await findTask(client, idOrTitle)).id;
}

/** Those of exactly this title, newest first; of very many, some of the newest. */
async function tasksTitled(client: ApiClient, title: string): Promise<readonly TaskSummary[]> {
  // Not with the first half of a surrogate pair at its end.
  const q = title.slice(0, MAX_SEARCH).replace(/[\ud800-\udbff]$/, "");
  const query = new URLSearchParams({ q, limit: "500" });
  const { items } = await client.get(`/api/tasks?${query}`, taskPageSchema);
  return items.filter((task) => task.title === title || oneLine(task.title) === title);
}

function noSuchTask(idOrTitle: string): CommandError {
  return new CommandError(`There is no task "${idOrTitle}": mission-control tasks lists them.`);
}

/**
 * Does something with a task, and resolves to what it is then.
 * @param action the end of the call's path, such as `cancel`
 * @throws CommandError when there is no such task, or its state does not allow it
 */
export function actOnTask(
  client: ApiClient,
  id: string,
  action: string,
  body: object = {},
): Promise<TaskView> {
  return ofTask(id, client.post(`${pathOf(id)}/${action}`, body, taskSchema));
}

/**
 * A page of what a task's agents said and did, oldest first.
 * @param after the cursor of the page before; "0" for the first
 * @throws CommandError when there is no such task
 */
export function readTranscript(client: ApiClient, id: string, after: string): Promise<TranscriptPage> {
  return ofTask(id, client.get(`${pathOf(id)}/transcript?limit=500&after=${after}`, transcriptPageSchema));
}

const eventPageSchema = z.object({ items: z.array(eventSchema), nextCursor: z.string().nullable() });

/** The newest events of a task of some types up to a position, oldest first; of very many, the last 5,000. */
export async function readEvents(
  client: ApiClient,
  taskId: string,
  types: readonly EventType[],
  upTo: number,
): Promise<LogEvent[]> {
  const events: LogEvent[] = [];
  let before: string | null = String(upTo + 1);
  while (before !== null && events.length < 5_000) {
    const query = new URLSearchParams({ taskId, types: types.join(","), before, limit: "500" });
    const page: z.infer<typeof eventPageSchema> = await client.get(
      `/api/events/history?${query}`,
      eventPageSchema,
    );
    events.push(...page.items);
    before = page.nextCursor;
  }
  return events.reverse();
}

const artifactPageSchema = z.object({ items: z.array(artifactSchema), nextCursor: z.string().nullable() });

/** All that a task's attempts have left behind, oldest first. @throws CommandError when there is no such task */
export async function artifactsOf(client: ApiClient, taskId: string): Promise<ArtifactView[]> {
  const artifacts: ArtifactView[] = [];
  for (let cursor: string | null = "0"; cursor !== null; ) {
    const path = `${pathOf(taskId)}/artifacts?limit=500&cursor=${cursor}`;
    const page: z.infer<typeof artifactPageSchema> = await ofTask(
      taskId,
      client.get(path, artifactPageSchema),
    );
    artifacts.push(...page.items);
    cursor = page.nextCursor;
  }
  return artifacts;
}

/** The bytes of one of them. */
export function downloadArtifact(
  client: ApiClient,
  taskId: string,
  artifactId: string,
): Promise<ReadableStream<Uint8Array>> {
  return client.download(`${pathOf(taskId)}/artifacts/${encodeURIComponent(artifactId)}`);
}

function pathOf(id: string): string {
  return `/api/tasks/${encodeURIComponent(id)}`;
}

/** Passes on what a call about a task answers. @throws CommandError where there is no such task */
export function ofTask<Answer>(id: string, call: Promise<Answer>): Promise<Answer> {
  return call.catch((error: unknown) => {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
    throw noSuchTask(id);
  });
}
