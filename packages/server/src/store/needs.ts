import { messageIdOf } from "../tasks/messages.ts";
import type { RecordName } from "./kept-change.ts";
import type { Operation } from "./operations.ts";
import { callbackScope, receiptKey } from "./receipt.ts";

/**
 * What a plan may look at, for an engine that has to load it beforehand. Claims say how many attempts of a queue
 * they may look at only once they are planned: {@link Needs.queues} says how many more than the agent has slots for.
 */
export class Needs {
  readonly tasks = new Set<string>();
  readonly attempts = new Set<string>();
  /** Tasks of which all attempts are looked at. */
  readonly attemptsOf = new Set<string>();
  readonly messages = new Set<string>();
  /** Keys of receipts. */
  readonly receipts = new Set<string>();
  /** Keys of a callback whose scope is one of its task's attempts, nobody knows yet which. */
  readonly receiptsOfAttempts: { taskId: string; key: string }[] = [];
  readonly records = new Map<string, RecordName>();
  /** Whether every agent is looked at. */
  agents = false;
  /** Agents whose queue is looked at, each with how far beyond its free slots. */
  readonly queues = new Map<string, number>();
  /** Agents of which it is asked how many attempts are under way. */
  readonly underWay = new Set<string>();
  /** Leases whose fencing number is asked for. */
  readonly leases = new Set<string>();

  addRecord({ kind, id }: RecordName): void {
    this.records.set(`${kind} ${id}`, { kind, id });
  }

  /** @param beyond so many attempts more than the agent has free slots */
  addQueue(agentId: string, beyond: number): void {
    this.queues.set(agentId, Math.max(beyond, this.queues.get(agentId) ?? 0));
    this.underWay.add(agentId);
    this.addRecord({ kind: "agent", id: agentId });
  }
}

/** Attempts that other operations of a commit may take out of a queue, or slots that they may free, before a claim. */
const MOST_BEYOND = 8;

/** What planning these operations will look at. What it looks at beyond it is the exception. */
export function needsOf(operations: readonly Operation[]): Needs {
  const needs = new Needs();
  const beyond = Math.min(operations.length, MOST_BEYOND);
  for (const operation of operations) {
    if (operation.under) needs.leases.add(operation.under.name);
    switch (operation.kind) {
      case "change":
        addChange(needs, operation);
        break;
      case "claim":
        needs.addQueue(operation.agentId, beyond);
        break;
      case "edit":
        needs.addRecord({ kind: operation.record, id: operation.id });
        break;
    }
  }
  return needs;
}

function addChange(needs: Needs, { change, key }: Extract<Operation, { kind: "change" }>): void {
  const { taskId } = change;
  const named = "dispatchId" in change ? change.dispatchId : undefined;
  needs.tasks.add(taskId);
  if (named === undefined) needs.attemptsOf.add(taskId);
  else needs.attempts.add(named);
  const messageId = messageIdOf(change);
  if (messageId !== undefined) needs.messages.add(messageId);
  // The policy of the agent that asks.
  if (change.kind === "callback" && change.callback.type === "permission") {
    needs.addRecord({ kind: "agent", id: change.callback.agentId });
  }
  if (!key) return;
  const scope = key.scope ?? callbackScope(named ?? taskId);
  needs.receipts.add(receiptKey(scope, key.key));
  if (key.scope === undefined && named === undefined) {
    needs.receiptsOfAttempts.push({ taskId, key: key.key });
  }
}
