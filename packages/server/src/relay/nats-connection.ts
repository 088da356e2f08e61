import type { JetStreamClient, JetStreamManager } from "@nats-io/jetstream";
import type { NatsConnection as Connection } from "@nats-io/transport-node";
import type { NatsAddress } from "./nats-address.ts";

/** What the stream keeps: enough for a node that was away for a moment. What is older is read from the database. */
const KEEP = { ms: 10 * 60_000, bytes: 64 * 1024 * 1024 };
/**
 * For so long JetStream knows the ids of messages. No longer: when a backup was put back, the same ids are other
 * messages.
 */
const KNOWN_IDS_MS = 10_000;
const CONNECT_MS = 3000;
const PING_MS = 5000;
/** Without an answer for so long, a message counts as not published. */
const PUBLISH_MS = 5000;
/** So often a consumer hears that all is well while there is nothing else. */
const HEARTBEAT_MS = 1000;
/** A consumer of a node that is gone is removed after this. */
const UNUSED_MS = 10_000;
/** Of the API's errors, that there is no such stream: https://docs.nats.io/reference/reference-protocols/nats_api_reference */
const STREAM_NOT_FOUND = 10059;

/** Loaded when it is needed: a server without NATS has nothing of it in memory. */
async function load() {
  const [core, stream] = await Promise.all([import("@nats-io/transport-node"), import("@nats-io/jetstream")]);
  return { ...core, ...stream };
}

export interface Publication {
  subject: string;
  data: Uint8Array;
  /** Tells it from others: one that the stream had not long ago is not taken again. */
  id?: string;
  /** It is taken only as the next one behind this. */
  lastSequence: number;
}

/** One connection to NATS, for as long as it lasts: it is not mended, but opened again. */
export class NatsConnection {
  readonly #library: Awaited<ReturnType<typeof load>>;
  readonly #connection: Connection;
  readonly #client: JetStreamClient;
  readonly #manager: JetStreamManager;

  /** @throws the library's error, which tells nothing of who we are: a server is not there, refuses us, or has no JetStream */
  static async open({ servers, user, password, token, isSecure }: NatsAddress): Promise<NatsConnection> {
    const library = await load();
    const connection = await library.connect({
      servers: [...servers],
      ...(user === undefined ? {} : { user, pass: password }),
      ...(token === undefined ? {} : { token }),
      ...(isSecure ? { tls: {} } : {}),
      name: "mission-control",
      reconnect: false,
      timeout: CONNECT_MS,
      pingInterval: PING_MS,
      maxPingOut: 2,
    });
    try {
      return new NatsConnection(library, connection, await library.jetstreamManager(connection));
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  private constructor(
    library: Awaited<ReturnType<typeof load>>,
    connection: Connection,
    manager: JetStreamManager,
  ) {
    this.#library = library;
    this.#connection = connection;
    this.#manager = manager;
    this.#client = manager.jetstream();
  }

  /** Resolves when the connection is over, to why where it was not closed here. */
  get closed(): Promise<unknown> {
    return this.#connection.closed();
  }

  /** The largest message that it takes, in bytes. */
  get maxBytes(): number {
    return this.#connection.info?.max_payload ?? 1024 * 1024;
  }

  /**
   * Makes the stream, or makes it as it should be.
   * @returns the sequence of its last message
   */
  async ensureStream(name: string, subject: string, replicas: number): Promise<number> {
    const { nanos, DiscardPolicy, JetStreamApiError, RetentionPolicy, StorageType } = this.#library;
    const wanted = {
      subjects: [subject],
      num_replicas: replicas,
      max_age: nanos(KEEP.ms),
      max_bytes: KEEP.bytes,
      duplicate_window: nanos(KNOWN_IDS_MS),
      discard: DiscardPolicy.Old,
    };
    const found = await this.#manager.streams.info(name).catch((error: unknown) => {
      if (error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND) return null;
      throw error;
    });
    const { streams } = this.#manager;
    if (!found) {
      const made = { name, retention: RetentionPolicy.Limits, storage: StorageType.File, ...wanted };
      return (await streams.add(made)).state.last_seq;
    }
    const { config, state } = found;
    const isAsWanted =
      config.num_replicas === replicas &&
      config.max_age === wanted.max_age &&
      config.duplicate_window === wanted.duplicate_window &&
      config.max_bytes === wanted.max_bytes;
    return isAsWanted ? state.last_seq : (await streams.update(name, wanted)).state.last_seq;
  }

  /** Resolves once the stream has it, at the sequence behind the last one. @throws Error when it does not */
  async publish({ subject, data, id, lastSequence }: Publication): Promise<void> {
    const { seq, duplicate } = await this.#client.publish(subject, data, {
      ...(id === undefined ? {} : { msgID: id }),
      expect: { lastSequence },
      timeout: PUBLISH_MS,
    });
    if (duplicate || seq !== lastSequence + 1) throw new Error("The stream has another message there.");
  }

  /**
   * The stream's last message, and what comes after it, by a consumer that goes with this call.
   * @throws Error when there is no such stream, or nothing more is heard of it
   */
  async *messages(stream: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const { AckPolicy, DeliverPolicy, createInbox, nanos } = this.#library;
    const { consumers } = this.#manager;
    const { name } = await consumers.add(stream, {
      deliver_subject: createInbox(),
      deliver_policy: DeliverPolicy.Last,
      ack_policy: AckPolicy.None,
      flow_control: true,
      idle_heartbeat: nanos(HEARTBEAT_MS),
      inactive_threshold: nanos(UNUSED_MS),
      mem_storage: true,
      num_replicas: 1,
    });
    const consumer = await this.#client.consumers.getPushConsumer(stream, name);
    const messages = await consumer.consume();
    const stop = () => messages.stop();
    let isSilent = false;
    const listen = async () => {
      for await (const { type } of messages.status()) {
        if (type !== "heartbeats_missed") continue;
        isSilent = true;
        stop();
      }
    };
    void listen();
    signal.addEventListener("abort", stop, { once: true });
    try {
      signal.throwIfAborted();
      for await (const message of messages) {
        signal.throwIfAborted();
        yield message.data;
      }
      if (isSilent) throw new Error("nothing more is heard of the stream");
    } finally {
      signal.removeEventListener("abort", stop);
      stop();
      // It goes by itself, too, where nobody hears this.
      consumers.delete(stream, name).catch(() => {});
    }
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }
}
