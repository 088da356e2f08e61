import { randomUUID } from "node:crypto";
import { abortable } from "../abortable.ts";
import { rowOf } from "../store/log-row.ts";
import type { LogPublishers, RelayedLog } from "../store/relayed-log.ts";
import type { LogEntry } from "../store/store.ts";
import type { NatsConnection } from "./nats-connection.ts";
import { encodeMessage, messagesOf } from "./relay-message.ts";

/** More than so many bytes that JetStream has not confirmed, and it does not keep up. */
const MAX_UNDER_WAY_BYTES = 32 * 1024 * 1024;
/** So often a publisher says in the database who it is. */
const ANNOUNCE_MS = 1000;
/** What a message has beside its data: subject and headers. */
const ENVELOPE_BYTES = 1024;

export interface LogPublisherOptions {
  connection: Pick<NatsConnection, "ensureStream" | "maxBytes" | "publish">;
  log: Pick<RelayedLog, "newest" | "rows" | "follow">;
  publishers: Pick<LogPublishers, "announce">;
  stream: string;
  subject: string;
  replicas: number;
  /** Of the seal of messages. */
  key: Uint8Array;
  /** Called once the stream takes what is published. */
  began: () => void;
}

/**
 * Publishes the log's entries as they are committed, in order, until the signal is aborted. Each message is taken only
 * as the next one behind the one before, so that one which comes late, from a node that was suspended and has lost the
 * lease, is refused. A publisher that is refused begins anew, from the newest entry: what is left out, nodes read. So does
 * one whose database no longer holds what it published: an older copy was put back there, and nobody is to believe it.
 * @throws Error at the first message that the stream did not take, or when the database was put back; the signal's reason
 */
export async function publishLog(
  { connection, log, publishers, stream, subject, replicas, key, began }: LogPublisherOptions,
  signal: AbortSignal,
): Promise<never> {
  const session = randomUUID();
  let sequence = await connection.ensureStream(stream, subject, replicas);
  const send = (data: Uint8Array, id?: string) =>
    connection.publish({ subject, data, lastSequence: sequence++, ...(id === undefined ? {} : { id }) });

  await publishers.announce(session, null);

  // The newest entry once more, so that whoever gets it knows that it is up to date. JetStream may know its id.
  const { newest } = log;
  const maxBytes = connection.maxBytes - ENVELOPE_BYTES;
  const rows = await log.rows(newest - 1, 1);
  for (const message of messagesOf(session, rows, maxBytes)) {
    signal.throwIfAborted();
    await abortable(send(encodeMessage(message, key)), signal);
  }
  began();

  const failed = Promise.withResolvers<never>();
  // Also where nobody waits for it any more.
  failed.promise.catch(() => {});
  let newestPublished = rows.at(-1) ?? null;
  let underWay = 0;
  const publish = (entries: readonly LogEntry[]) => {
    const last = entries.at(-1);
    if (last) newestPublished = rowOf(last);
    for (const message of messagesOf(session, entries.map(rowOf), maxBytes)) {
      const data = encodeMessage(message, key);
      underWay += data.length;
      if (underWay > MAX_UNDER_WAY_BYTES) failed.reject(new Error("NATS does not keep up with the log"));
      send(data, String(message.upTo)).then(() => {
        underWay -= data.length;
      }, failed.reject);
    }
  };
  const follower = log.follow(newest, (entries) => {
    if (!signal.aborted) publish(entries);
  });
  // At the other nodes, there may be somebody who waits.
  follower.setUrgent(true);
  // For those that begin to listen later; where the database is away, it is told the next time.
  const announcing = setInterval(() => {
    publishers.announce(session, newestPublished).then(
      (isOfThisLog) => {
        if (!isOfThisLog) failed.reject(new Error("the database no longer holds what was published"));
      },
      () => {},
    );
  }, ANNOUNCE_MS);
  try {
    return await abortable(failed.promise, signal);
  } finally {
    clearInterval(announcing);
    follower.close();
  }
}
