import type { NewEvent } from "@mission-control/protocol";
import type { TaskChange } from "../tasks/change.ts";
import type { AnyEdit, ChangeResult, Claim, KeepPayload, LeaseToken, Operation } from "./operations.ts";
import type { IdempotencyKey } from "./receipt.ts";
import type { EditContext, RecordEdit, RecordKind, RecordKinds, RecordResult } from "./records.ts";
import type { Store } from "./store.ts";

/** An operation before it was stamped, each kind with its own fields. */
type Unstamped = Operation extends infer Kind ? (Kind extends Operation ? Omit<Kind, "at"> : never) : never;

/** The writing methods of a store as the operations that they are: an engine has only to perform these. */
export abstract class OperationStore
  implements Pick<Store, "change" | "claim" | "append" | "edit" | "commandDone">
{
  readonly #now: () => Date;

  /** @param now the clock that stamps events and records */
  constructor(now: () => Date) {
    this.#now = now;
  }

  /** Makes an operation part of the next commit; resolves with its result once that is durable. */
  protected abstract perform(operation: Operation): Promise<unknown>;

  change(
    change: TaskChange,
    { key, under }: { key?: IdempotencyKey; under?: LeaseToken } = {},
  ): Promise<ChangeResult> {
    const at = this.#now().toISOString();
    return this.perform({ kind: "change", change, key, under, at }) as Promise<ChangeResult>;
  }

  claim(agentId: string, under: LeaseToken, keep?: KeepPayload): Promise<Claim> {
    return this.#run({ kind: "claim", agentId, under, keep }) as Promise<Claim>;
  }

  append(events: readonly NewEvent[], { under }: { under?: LeaseToken } = {}): Promise<number | null> {
    return this.#run({ kind: "append", events, under }) as Promise<number | null>;
  }

  edit<Kind extends RecordKind>(
    kind: Kind,
    id: string,
    edit: (current: RecordKinds[Kind] | null, around: EditContext) => RecordEdit<RecordKinds[Kind]>,
    { under }: { under?: LeaseToken } = {},
  ): Promise<RecordResult<RecordKinds[Kind]>> {
    const operation = { kind: "edit", record: kind, id, edit: edit as AnyEdit, under } as const;
    return this.#run(operation) as Promise<RecordResult<RecordKinds[Kind]>>;
  }

  async commandDone(id: number): Promise<void> {
    await this.#run({ kind: "command_done", id });
  }

  #run(operation: Unstamped): Promise<unknown> {
    return this.perform({ ...operation, at: this.#now().toISOString() } as Operation);
  }
}
