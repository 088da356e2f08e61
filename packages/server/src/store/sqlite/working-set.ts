import type { Attempt, Message, Task } from "../../tasks/task.ts";
import type { Receipt } from "../receipt.ts";
import type { AgentRecord, RecordKind, RecordKinds } from "../records.ts";
import type { WorkingSet } from "../working-set.ts";
import type { Leases } from "./leases.ts";
import type { Tables } from "./tables.ts";

/** Reads at once what a plan asks for: the file is this process's alone. */
export class SqliteWorkingSet implements WorkingSet {
  readonly #tables: Tables;
  readonly #leases: Leases;

  constructor(tables: Tables, leases: Leases) {
    this.#tables = tables;
    this.#leases = leases;
  }

  get nextEventId(): number {
    return this.#tables.log.written + 1;
  }

  task(id: string): Task | null {
    return this.#tables.tasks.get(id);
  }

  attempt(id: string): Attempt | null {
    return this.#tables.attempts.get(id);
  }

  attemptsOf(taskId: string): readonly Attempt[] {
    return this.#tables.attempts.ofTask(taskId);
  }

  message(id: string): Message | null {
    return this.#tables.messages.get(id);
  }

  receipt(key: string): Receipt | null {
    return this.#tables.receipts.get(key);
  }

  record<Kind extends RecordKind>(kind: Kind, id: string): RecordKinds[Kind] | null {
    return this.#tables.records.get(kind, id);
  }

  agents(): readonly AgentRecord[] {
    return this.#tables.records.all("agent");
  }

  underWay(agentId: string): number {
    return this.#tables.attempts.underWay(agentId);
  }

  queued(agentId: string, limit: number): readonly Attempt[] {
    return this.#tables.attempts.queued(agentId, limit);
  }

  fence(lease: string): number | null {
    return this.#leases.fence(lease);
  }
}
