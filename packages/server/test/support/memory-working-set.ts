import type { PendingCommand } from "../../src/store/log-change.ts";
import type { Operation, Outcome } from "../../src/store/operations.ts";
import { plan } from "../../src/store/plan.ts";
import type { Receipt } from "../../src/store/receipt.ts";
import type { AgentRecord, RecordKind, RecordKinds } from "../../src/store/records.ts";
import type { EventRow } from "../../src/store/rows.ts";
import type { WorkingSet } from "../../src/store/working-set.ts";
import { NO_LIMITS } from "../../src/tasks/limits.ts";
import { type Attempt, type Message, occupiesSlot, PRIORITY_RANK, type Task } from "../../src/tasks/task.ts";

/** The plainest store there can be: maps, written row by row as a plan says. */
export class MemoryWorkingSet implements WorkingSet {
  readonly tasks = new Map<string, Task>();
  readonly attempts = new Map<string, Attempt>();
  readonly messages = new Map<string, Message>();
  readonly receipts = new Map<string, Receipt>();
  readonly records = new Map<string, RecordKinds[RecordKind]>();
  readonly commands = new Map<number, PendingCommand>();
  readonly events: EventRow[] = [];

  get nextEventId(): number {
    return this.events.length + 1;
  }

  task(id: string): Task | null {
    return this.tasks.get(id) ?? null;
  }

  attempt(id: string): Attempt | null {
    return this.attempts.get(id) ?? null;
  }

  attemptsOf(taskId: string): Attempt[] {
    return [...this.attempts.values()]
      .filter((attempt) => attempt.taskId === taskId)
      .sort((a, b) => a.number - b.number);
  }

  message(id: string): Message | null {
    return this.messages.get(id) ?? null;
  }

  receipt(key: string): Receipt | null {
    return this.receipts.get(key) ?? null;
  }

  record<Kind extends RecordKind>(kind: Kind, id: string): RecordKinds[Kind] | null {
    return (this.records.get(`${kind} ${id}`) as RecordKinds[Kind] | undefined) ?? null;
  }

  agents(): AgentRecord[] {
    const agents = [...this.records].filter(([key]) => key.startsWith("agent "));
    return agents.map(([, record]) => record as AgentRecord);
  }

  underWay(agentId: string): number {
    return [...this.attempts.values()].filter((one) => one.agentId === agentId && occupiesSlot(one)).length;
  }

  queued(agentId: string, limit: number): Attempt[] {
    return [...this.attempts.values()]
      .filter((one) => one.agentId === agentId && one.state === "queued")
      .sort(
        (a, b) =>
          PRIORITY_RANK[b.priority] - PRIORITY_RANK[a.priority] ||
          a.queuedAt.localeCompare(b.queuedAt) ||
          a.id.localeCompare(b.id),
      )
      .slice(0, limit);
  }

  fence(): number {
    return 1;
  }

  /** Makes one commit of the operations. */
  commit(operations: readonly Operation[]): Outcome[] {
    const { outcomes, rows } = plan(this, operations, NO_LIMITS);
    for (const id of rows.deletedTasks) {
      this.tasks.delete(id);
      for (const { id: attemptId } of this.attemptsOf(id)) this.attempts.delete(attemptId);
      for (const { id: messageId, taskId } of this.messages.values()) {
        if (taskId === id) this.messages.delete(messageId);
      }
    }
    for (const { task, isKnown } of rows.tasks) {
      if (this.tasks.has(task.id) !== isKnown)
        throw new Error(`${task.id} is ${isKnown ? "not " : ""}there.`);
      this.tasks.set(task.id, task);
    }
    for (const { attempt, isKnown } of rows.attempts) {
      if (this.attempts.has(attempt.id) !== isKnown) throw new Error(`${attempt.id}: known is ${isKnown}.`);
      this.attempts.set(attempt.id, attempt);
    }
    for (const { message, isKnown } of rows.messages) {
      if (this.messages.has(message.id) !== isKnown) throw new Error(`${message.id}: known is ${isKnown}.`);
      this.messages.set(message.id, message);
    }
    for (const { kind, id, record } of rows.records) {
      if (record) this.records.set(`${kind} ${id}`, record);
      else this.records.delete(`${kind} ${id}`);
    }
    for (const command of rows.commands) this.commands.set(command.id, command);
    for (const id of rows.commandsDone) this.commands.delete(id);
    for (const event of rows.events) {
      if (event.id !== this.nextEventId) throw new Error(`Event ${event.id} leaves a gap.`);
      if (event.receipt) this.receipts.set(event.receipt.key, event.receipt.receipt);
      this.events.push(event);
    }
    return outcomes;
  }
}
