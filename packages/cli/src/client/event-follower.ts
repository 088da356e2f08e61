import { setTimeout as wait } from "node:timers/promises";
import { EVENT_STREAM_TYPE, eventSchema, type LogEvent, RESET_EVENT } from "@mission-control/protocol";
import { explainNetworkError } from "@mission-control/protocol/network-errors";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { z } from "zod";
import { CommandError } from "../terminal/command-error.ts";
import { ApiError, readAnswer, refusal, somethingElse } from "./api-client.ts";

/** Until the server says otherwise with `retry`, in milliseconds. */
const DEFAULT_RETRY_MS = 2000;
const LONGEST_RETRY_MS = 30_000;
/** Three heartbeats without a byte: the connection is dead, whatever the system says. */
const SILENCE_MS = 45_000;

const newestSchema = z.object({ lastEventId: z.number() });
const resetSchema = z.object({ oldest: z.number(), newest: z.number() });

export interface FollowOptions {
  url: string;
  headers: Record<string, string>;
  /** The stream's filters, as they stand in its query. */
  filter: { taskId?: string | undefined; agentId?: string | undefined; types?: string | undefined };
  /** Position to begin after; absent: the newest there is when the server first answers. */
  after?: number | undefined;
  signal: AbortSignal;
  /** Called with why, each time the connection was lost and will be made again. */
  onRetry: (reason: string) => void;
}

/** What comes down the stream. `reset`: the log no longer has what comes after the position, or never had it. */
export type Followed = { kind: "event"; event: LogEvent } | { kind: "reset"; oldest: number; newest: number };

/**
 * Follows the event stream for as long as `signal` allows: a lost connection is made again after the server's own
 * `retry`, growing with jitter while it fails, from the last event that came.
 * @throws ApiError when the server refuses the stream for good (a 4xx)
 */
export async function* followEvents(options: FollowOptions): AsyncGenerator<Followed, void, void> {
  const position = { after: options.after, retryMs: DEFAULT_RETRY_MS };
  for (let failures = 0; !options.signal.aborted; failures++) {
    const before = position.after;
    let reason = "the connection was closed";
    try {
      yield* readStream(options, position);
    } catch (error) {
      if (options.signal.aborted) return;
      if (error instanceof ApiError && error.status < 500 && error.status !== 429) throw error;
      reason = error instanceof CommandError ? error.message : explainNetworkError(error);
    }
    if (options.signal.aborted) return;
    if (position.after !== before) failures = 0;
    options.onRetry(reason);
    const longest = Math.min(position.retryMs * 2 ** failures, LONGEST_RETRY_MS);
    await wait(longest * (0.5 + Math.random() / 2), undefined, { signal: options.signal }).catch(() => {});
  }
}

async function* readStream(
  { url, headers, filter, signal }: FollowOptions,
  position: { after: number | undefined; retryMs: number },
): AsyncGenerator<Followed, void, void> {
  const dead = new AbortController();
  const alarm = setTimeout(() => dead.abort(new Error("nothing came for 45 s")), SILENCE_MS);
  try {
    const open = async (path: string, more: Record<string, string> = {}) => {
      const ended = AbortSignal.any([signal, dead.signal]);
      const response = await fetch(url + path, {
        headers: { ...headers, ...more },
        redirect: "manual",
        signal: ended,
      });
      if (!response.ok) throw await refusal(url, response);
      return response;
    };
    // Known before the stream is, so that a connection lost before the first event loses none.
    position.after ??= (await readAnswer(url, await open("/api/tasks?limit=1"), newestSchema)).lastEventId;
    const response = await open(`/api/events?${queryOf(filter)}`, {
      Accept: EVENT_STREAM_TYPE,
      "Last-Event-ID": String(position.after),
    });
    if (!response.headers.get("content-type")?.startsWith(EVENT_STREAM_TYPE)) throw somethingElse(url);
    const messages: EventSourceMessage[] = [];
    const parser = createParser({
      onEvent: (message) => messages.push(message),
      onRetry: (milliseconds) => {
        position.retryMs = milliseconds;
      },
    });
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      alarm.refresh();
      parser.feed(decoder.decode(chunk, { stream: true }));
      for (const message of messages.splice(0)) {
        const followed = read(message);
        if (!followed) continue;
        position.after = followed.kind === "event" ? followed.event.id : followed.newest;
        yield followed;
      }
    }
  } finally {
    clearTimeout(alarm);
    dead.abort();
  }
}

/** Events of types that a later server may add are passed over. */
function read({ event, data }: EventSourceMessage): Followed | null {
  const value: unknown = JSON.parse(data);
  if (event === RESET_EVENT) return { kind: "reset", ...resetSchema.parse(value) };
  const parsed = eventSchema.safeParse(value);
  return parsed.success ? { kind: "event", event: parsed.data } : null;
}

function queryOf(filter: FollowOptions["filter"]): string {
  const given = Object.entries(filter).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return new URLSearchParams(given).toString();
}
