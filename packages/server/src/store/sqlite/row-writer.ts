import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Rows } from "../rows.ts";
import type { Tables } from "./tables.ts";

/** Writes what was planned, inside the surrounding commit. */
export class RowWriter {
  readonly #tables: Tables;
  readonly #insertCommand: StatementSync;
  readonly #deleteCommand: StatementSync;

  constructor(db: DatabaseSync, tables: Tables) {
    this.#tables = tables;
    this.#insertCommand = db.prepare(
      "INSERT INTO commands (id, dispatch_id, task_id, agent_id, command) VALUES (?, ?, ?, ?, ?)",
    );
    this.#deleteCommand = db.prepare("DELETE FROM commands WHERE id = ?");
  }

  write(rows: Rows): void {
    const { log, tasks, attempts, messages, receipts, records, deliveries } = this.#tables;
    for (const id of rows.deletedTasks) {
      attempts.deleteOf(id);
      tasks.delete(id);
    }
    for (const { task, isKnown, asOf, followsFromEvents } of rows.tasks) {
      if (!isKnown) tasks.add(task, asOf);
      else if (followsFromEvents) tasks.updateLater(task, asOf);
      else tasks.update(task, asOf);
    }
    for (const row of rows.attempts) attempts.write(row);
    for (const row of rows.messages) messages.write(row);
    for (const delivery of rows.deliveries) deliveries.write(delivery);
    for (const { kind, id, record } of rows.records) {
      records.write(kind, id, record);
      if (kind === "webhook" && record === null) deliveries.deleteOf(id);
    }
    for (const payload of rows.payloads) this.#tables.payloads.write(payload);
    for (const fact of rows.facts) this.#tables.insights.add(fact);
    for (const artifact of rows.artifacts) this.#tables.artifacts.add(artifact);
    for (const { id, dispatchId, taskId, agentId, command } of rows.commands) {
      this.#insertCommand.run(id, dispatchId, taskId, agentId, JSON.stringify(command));
    }
    for (const id of rows.commandsDone) this.#deleteCommand.run(id);
    for (const event of rows.events) {
      if (event.receipt) receipts.add(event.receipt.key, event.receipt.receipt);
      log.append(event);
    }
  }
}
