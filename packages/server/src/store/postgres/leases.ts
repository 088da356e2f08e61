import { abortable } from "../../abortable.ts";
import { LeaseLines } from "../lease-lines.ts";
import type { Lease } from "../store.ts";
import { LEASES_CHANNEL } from "./channels.ts";
import type { Database } from "./database.ts";
import { lockHead } from "./log-head.ts";
import { prepared, roundTrip, type Statement } from "./statement.ts";

/** For so long a lease is good without being renewed, in milliseconds, by the database's clock. */
const GOOD_FOR_MS = 5000;
/** And so much less by this node's own: it has stopped before another begins. */
const SAFETY_MS = 1000;
const RENEW_MS = 1000;
/** Whoever has not renewed one for so long is missed. */
const MISSED_AFTER_MS = 2500;
/** How late this node may notice that a lease has run out. */
const CHECK_MS = 250;

const NOW_GOOD = `clock_timestamp() + interval '${GOOD_FOR_MS} milliseconds'`;
const IS_FREE = "(leases.fence IS NULL OR leases.expires_at < clock_timestamp())";

/** Those that are free, and those whose holder is missed. */
const selectDue = prepared(
  "due_leases",
  `SELECT asked.name, leases.fence, leases.name IS NULL OR ${IS_FREE} AS is_free
   FROM unnest($1::text[]) AS asked (name) LEFT JOIN leases USING (name)
   WHERE leases.name IS NULL OR leases.fence IS NULL
     OR leases.expires_at < clock_timestamp() + interval '${GOOD_FOR_MS - MISSED_AFTER_MS} milliseconds'`,
);
const grant = prepared(
  "grant_leases",
  `INSERT INTO leases (name, fence, expires_at) SELECT name, nextval('fences'), ${NOW_GOOD} FROM unnest($1::text[]) AS asked (name)
   ON CONFLICT (name) DO UPDATE SET fence = excluded.fence, expires_at = excluded.expires_at WHERE ${IS_FREE}
   RETURNING name, fence`,
);
const renew = prepared(
  "renew_leases",
  `UPDATE leases SET expires_at = ${NOW_GOOD} WHERE (name, fence) IN (SELECT * FROM unnest($1::text[], $2::bigint[]))
   RETURNING fence`,
);
const giveBack = prepared(
  "give_back_leases",
  "UPDATE leases SET fence = NULL WHERE (name, fence) IN (SELECT * FROM unnest($1::text[], $2::bigint[]))",
);
const announce = prepared("announce_leases", "SELECT pg_notify($1, '')");

interface Held {
  name: string;
  fence: number;
  lost: AbortController;
  /** Until when it is ours for certain, by `performance.now()`. */
  until: number;
  /** Lets the next one here ask for it. */
  leave: () => void;
}

interface Wanted {
  granted: (lease: { fence: number; until: number }) => void;
  holderMissed: (fence: number) => void;
}

/**
 * Leases in the database, which every node asks for. They run out by the database's clock, unless their node renews
 * them; a node that hangs or loses the database takes them as lost before that. Who has one is changed under the lock
 * that orders commits: between what a commit looks at and its end, no lease changes hands.
 */
export class Leases {
  readonly #database: Database;
  readonly #lines = new LeaseLines();
  /** Who is first in each line, and gets it as soon as the database grants it. */
  readonly #wanted = new Map<string, Wanted>();
  /** Fences of wanted leases whose holder was missed at the last look. */
  #missed: ReadonlySet<number> = new Set();
  readonly #held = new Map<number, Held>();
  readonly #timers: readonly NodeJS.Timeout[];
  #asking: Promise<void> | null = null;
  #isAskedAgain = false;
  #renewing: Promise<void> | null = null;
  #isClosed = false;

  constructor(database: Database) {
    this.#database = database;
    this.#timers = [
      setInterval(() => {
        this.#renewing ??= this.#renew().finally(() => {
          this.#renewing = null;
        });
      }, RENEW_MS),
      setInterval(() => this.#check(), CHECK_MS),
    ];
  }

  /** @see Store.lease */
  async grant(name: string, signal: AbortSignal, holderMissed = (_fence: number) => {}): Promise<Lease> {
    const leave = await this.#lines.reachFront(name, signal);
    try {
      const { fence, until } = await this.#ask(name, signal, holderMissed);
      const held: Held = { name, fence, lost: new AbortController(), until, leave };
      this.#held.set(fence, held);
      return { token: { name, fence }, lost: held.lost.signal, release: () => this.#release(held) };
    } catch (error) {
      leave();
      throw error;
    }
  }

  /** Some lease may be free now. */
  wake(): void {
    this.#isAskedAgain = true;
    this.#asking ??= this.#askForWanted().finally(() => {
      this.#asking = null;
    });
  }

  /** Gives back what is held. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all([this.#asking, this.#renewing]);
    const held = [...this.#held.values()];
    for (const one of held) this.#lose(one);
    await this.#giveBack(held);
  }

  #ask(
    name: string,
    signal: AbortSignal,
    holderMissed: Wanted["holderMissed"],
  ): Promise<{ fence: number; until: number }> {
    const granted = new Promise<{ fence: number; until: number }>((resolve) =>
      this.#wanted.set(name, { granted: resolve, holderMissed }),
    );
    this.wake();
    return abortable(granted, signal).catch((error: unknown) => {
      this.#wanted.delete(name);
      throw error;
    });
  }

  async #askForWanted(): Promise<void> {
    while (this.#isAskedAgain && this.#wanted.size > 0 && !this.#isClosed) {
      this.#isAskedAgain = false;
      try {
        const [due] = await this.#database.read(selectDue([...this.#wanted.keys()]));
        const rows = due?.rows ?? [];
        this.#tellMissed(rows.filter(({ is_free }) => !is_free));
        const free = rows.filter(({ is_free }) => is_free);
        const names = free.map(({ name }) => String(name)).sort();
        if (names.length === 0) continue;
        const until = performance.now() + GOOD_FOR_MS - SAFETY_MS;
        const answer = await this.#inOrder(grant(names));
        for (const { name, fence } of answer?.rows ?? []) await this.#granted(name, Number(fence), until);
      } catch {
        // Whoever waits goes on waiting: it is asked again before long.
        return;
      }
    }
  }

  #tellMissed(rows: readonly { name: unknown; fence: unknown }[]): void {
    const before = this.#missed;
    this.#missed = new Set(rows.map(({ fence }) => Number(fence)));
    for (const { name, fence } of rows) {
      if (!before.has(Number(fence))) this.#wanted.get(String(name))?.holderMissed(Number(fence));
    }
  }

  async #granted(name: string, fence: number, until: number): Promise<void> {
    const wanted = this.#wanted.get(name);
    this.#wanted.delete(name);
    if (wanted) wanted.granted({ fence, until });
    // Whoever wanted it gave up meanwhile.
    else await this.#inOrder(giveBack([name], [fence]), announce(LEASES_CHANNEL));
  }

  async #renew(): Promise<void> {
    const held = [...this.#held.values()];
    if (held.length === 0) return;
    const until = performance.now() + GOOD_FOR_MS - SAFETY_MS;
    try {
      const names = held.map(({ name }) => name);
      const fences = held.map(({ fence }) => fence);
      const [answer] = await this.#database.read(renew(names, fences));
      const renewed = new Set((answer?.rows ?? []).map(({ fence }) => Number(fence)));
      for (const one of held) {
        if (renewed.has(one.fence)) one.until = until;
        else this.#lose(one);
      }
    } catch {
      // Tried again before they run out.
    }
  }

  #check(): void {
    const now = performance.now();
    for (const one of this.#held.values()) if (one.until < now) this.#lose(one);
  }

  #lose(held: Held): void {
    if (!this.#held.delete(held.fence)) return;
    held.lost.abort();
    held.leave();
  }

  async #release(held: Held): Promise<void> {
    if (!this.#held.has(held.fence)) return;
    this.#held.delete(held.fence);
    held.lost.abort();
    await this.#giveBack([held]);
    held.leave();
  }

  /** Where the database cannot be reached, they run out by themselves. */
  async #giveBack(held: readonly Held[]): Promise<void> {
    if (held.length === 0) return;
    const names = held.map(({ name }) => name);
    const fences = held.map(({ fence }) => fence);
    await this.#inOrder(giveBack(names, fences), announce(LEASES_CHANNEL)).catch(() => {});
  }

  /** Makes a commit of its own of these, in order with those of the log; returns the first one's answer. */
  #inOrder(...statements: Statement[]) {
    return this.#database.with(async (client) => {
      const answers = await roundTrip(client, ["BEGIN", lockHead(), ...statements, "COMMIT"]);
      return answers[2];
    });
  }
}
