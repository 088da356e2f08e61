import { MAX_CALLBACK_BYTES } from "@mission-control/protocol";
import type { SharedKeys } from "../../keys.ts";
import type { Logger } from "../../logger.ts";
import type { CommitMetrics } from "../../metrics.ts";
import { NO_LIMITS, type TaskLimits } from "../../tasks/limits.ts";
import type { Contents } from "../contents.ts";
import type { Operation } from "../operations.ts";
import { OutageLog } from "../outage-log.ts";
import type { LogPublishers, RelayedLog } from "../relayed-log.ts";
import {
  type Follower,
  type Following,
  type Lease,
  type LogEntry,
  type Store,
  StoreUnavailableError,
} from "../store.ts";
import { LEASES_CHANNEL, LOG_CHANNEL, RELAY_CHANNEL } from "./channels.ts";
import { CommitMarks } from "./commit-marks.ts";
import { CommitNotices, readNotice } from "./commit-notices.ts";
import { ContentTable } from "./content-table.ts";
import { Database } from "./database.ts";
import { toStoreError } from "./engine-error.ts";
import { EventLog } from "./event-log.ts";
import { GroupCommit } from "./group-commit.ts";
import { Leases } from "./leases.ts";
import { lockHead } from "./log-head.ts";
import { LogMark } from "./log-mark.ts";
import { LogPlace } from "./log-place.ts";
import { LogTail } from "./log-tail.ts";
import { migrate } from "./migrations.ts";
import { refuseUnfinishedMove } from "./move-side.ts";
import { Publishers } from "./publishers.ts";
import { makeSearchIndex } from "./search-index.ts";
import { sharedKey } from "./shared-key.ts";
import { prepared, roundTrip } from "./statement.ts";
import { TableStore } from "./table-store.ts";
import { type Wake, Wakes } from "./wakes.ts";

/** What the largest callback brings: its event, and the task's and the attempt's fields that show it. */
const PROBE_BYTES = MAX_CALLBACK_BYTES + 128 * 1024;

const writeProbe = prepared(
  "probe",
  `INSERT INTO probe (content) VALUES (decode(repeat('00', $1), 'hex'))
   ON CONFLICT (one_row) DO UPDATE SET content = excluded.content`,
);

export interface PostgresStoreOptions {
  /** `postgres://user:password@host:port/database`, with the parameters that libpq's URIs take. */
  url: string;
  /** The data folder, where the newest event that was seen is noted; without one, it is known while this process lives. */
  folder?: string;
  /** The clock that stamps events and records. */
  now?: () => Date;
  /** How much one attempt's agent may put into its record; without them, anything. */
  limits?: TaskLimits;
  metrics?: CommitMetrics;
  /** Logs outages, and listeners that throw; without one, such an error ends the process. */
  logger?: Pick<Logger, "error">;
  /** Called once, when events that followers had are no more in the log. They get nothing after that: open it again. */
  putBack?: () => void;
}

/** The engine of several nodes: one PostgreSQL database, which any number of processes share. */
export class PostgresStore extends TableStore implements Store, SharedKeys {
  readonly #group: GroupCommit;
  readonly #notices: CommitNotices;
  readonly #tail: LogTail;
  readonly #leases: Leases;
  readonly #publishers: Publishers;
  readonly #wakes: Wakes;
  readonly #mark: LogMark;

  /** @throws NewerDatabaseError, UnsuitableDatabaseError, StoreUnavailableError, UnfinishedMoveError, MoveUnderWayError */
  static async open(options: PostgresStoreOptions): Promise<PostgresStore> {
    const database = new Database(options.url);
    const mark = new LogMark(options.folder);
    const place = new LogPlace(mark, (gap) => {
      options.logger?.error(
        { database: database.name, ...gap },
        "the database was put back from a copy, or a replica was promoted: no event gets these ids, which others may have had",
      );
    });
    try {
      let logName: string;
      let hasSearchIndex: boolean;
      const client = await database.connect(() => {}, { isPatient: true });
      try {
        await database.check(client);
        await migrate(client);
        await refuseUnfinishedMove(client, database.name);
        hasSearchIndex = await makeSearchIndex(client, options.logger);
        await CommitMarks.removeOld(client);
        logName = await place.settle(client);
      } finally {
        await client.end();
      }
      const log = new EventLog(database);
      const { newest } = await log.range();
      mark.begin(logName, newest);
      const store = new PostgresStore({ database, log, newest, mark, place, hasSearchIndex }, options);
      await store.#wakes.open().catch(async (error: unknown) => {
        await store.close();
        throw error;
      });
      return store;
    } catch (error) {
      await database.close();
      throw toStoreError(error);
    }
  }

  private constructor(parts: Parts, options: PostgresStoreOptions) {
    const { database, log, newest, mark, place, hasSearchIndex } = parts;
    super({ database, log, hasSearchIndex, now: options.now ?? (() => new Date()) });
    const { limits = NO_LIMITS, metrics, logger } = options;
    const outages = new OutageLog(logger, { database: database.name });
    const failed = (error: unknown) => outages.failed(error);
    this.#mark = mark;
    const putBack = () => {
      logger?.error(
        { database: database.name },
        "the database no longer holds events that this server has told of: it has to begin anew",
      );
      options.putBack?.();
    };
    this.#tail = new LogTail({ log, newest, logger, failed, putBack });
    this.#tail.follow(newest, (entries) => mark.note(entries.at(-1)?.id ?? 0));
    this.#leases = new Leases(database);
    this.#publishers = new Publishers(database);
    this.#notices = new CommitNotices(database);
    this.#group = new GroupCommit({
      database,
      notices: this.#notices,
      limits,
      place,
      mark,
      committed: (events, seconds, groupSize) => {
        metrics?.commit(seconds, groupSize);
        metrics?.eventsCommitted(events.length);
        outages.worked();
        this.#tail.committed(events);
        this.#notices.committed();
      },
      refused: () => metrics?.commitRefused(),
      unavailable: failed,
    });
    this.#wakes = new Wakes(
      database,
      new Map<string, Wake>([
        [LOG_CHANNEL, (notice, sender) => this.#heardOfLog(notice, sender)],
        [LEASES_CHANNEL, () => this.#leases.wake()],
        [RELAY_CHANNEL, (session) => session && this.#publishers.heard(session)],
      ]),
    );
  }

  #heardOfLog(notice?: string, sender?: number): void {
    if (!notice) this.#tail.wake();
    // Of what it commits itself, this node need not hear.
    else if (sender !== this.#group.process) this.#tail.announced(readNotice(notice));
  }

  protected override perform(operation: Operation): Promise<unknown> {
    return this.#group.run(operation);
  }

  lease(name: string, signal: AbortSignal, holderMissed?: (fence: number) => void): Promise<Lease> {
    return this.#leases.grant(name, signal, holderMissed);
  }

  follow(after: number, listener: (entries: readonly LogEntry[]) => void, how?: Following): Follower {
    return this.#tail.follow(after, listener, how);
  }

  /** The log, for who carries it from node to node. */
  get relayedLog(): RelayedLog {
    return this.#tail;
  }

  /** Who does. */
  get logPublishers(): LogPublishers {
    return this.#publishers;
  }

  /** Where the bytes of artifacts are. @param maxTotalBytes infinite for no limit */
  contents(maxTotalBytes: number): Contents {
    return new ContentTable(this.database, maxTotalBytes);
  }

  /** @see SharedKeys.sharedKey */
  sharedKey(name: string, candidate: string): Promise<string> {
    return sharedKey(this.database, name, candidate);
  }

  async unavailableReason(): Promise<string | null> {
    try {
      await this.database.with((client) =>
        roundTrip(client, ["BEGIN", lockHead(), writeProbe(PROBE_BYTES), "COMMIT"]),
      );
      return null;
    } catch (error) {
      if (error instanceof StoreUnavailableError) return error.message;
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#group.close();
    this.#notices.close();
    await this.#leases.close();
    await this.#wakes.close();
    await this.#tail.close();
    await this.database.close();
    this.#mark.close();
  }
}

/** What a store is opened with. */
interface Parts {
  database: Database;
  log: EventLog;
  /** Id of the newest event. */
  newest: number;
  mark: LogMark;
  place: LogPlace;
  hasSearchIndex: boolean;
}
