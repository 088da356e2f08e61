import type { LogEvent, MessageMode, MessageView } from "@mission-control/protocol";
import { isTemporary } from "../../../api/api-error.ts";
import type { ApiCall } from "../../../api/client.ts";
import { newIdempotencyKey } from "../../../api/idempotency-key.ts";
import { taskCalls } from "../../../api/task-calls.ts";
import type { Attached } from "./attached.ts";

/** A message on its way to the server, or one that the server did not take. */
export interface Outgoing {
  key: number;
  text: string;
  mode: MessageMode;
  files: readonly Attached[];
  /** By the server, once it has answered. */
  id?: string;
  /** Why it was not taken, in words. */
  error?: string;
}

/** Messages whose answer was lost that are remembered, to be sent again under their own key. */
const MOST_LOST = 8;

/** The messages of a page about one task that the log has not told of yet. */
export class Outbox {
  readonly #call: (call: ApiCall) => Promise<MessageView>;
  readonly #taskId: string;
  readonly #listeners = new Set<() => void>();
  #messages: readonly Outgoing[] = [];
  #lastKey = 0;
  /** Messages the log has told of, which may be before the answer to their call is here. */
  readonly #told = new Set<string>();
  /** Perhaps taken, by their keys: sent again under the same, none is said twice. */
  #lost: readonly { message: Outgoing; idempotencyKey: string }[] = [];

  constructor(taskId: string, call: (call: ApiCall) => Promise<MessageView>) {
    this.#taskId = taskId;
    this.#call = call;
  }

  /** The same array while nothing changes. */
  readonly messages = (): readonly Outgoing[] => this.#messages;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Resolves when the server has answered, or nobody has. */
  async send(text: string, mode: MessageMode, files: readonly Attached[]): Promise<void> {
    const message: Outgoing = { key: ++this.#lastKey, text, mode, files };
    const known = this.#lost.find((lost) => isSame(lost.message, message));
    const idempotencyKey = known?.idempotencyKey ?? newIdempotencyKey();
    this.#lost = this.#lost.filter((lost) => lost !== known);
    this.#set([...this.#messages, message]);
    const { key } = message;
    try {
      const said = { text, mode, attachments: files };
      const { id } = await this.#call(taskCalls.say(this.#taskId, said, idempotencyKey));
      if (this.#told.delete(id)) this.drop(key);
      else this.#set(this.#messages.map((one) => (one.key === key ? { ...one, id } : one)));
    } catch (failure) {
      if (isTemporary(failure)) this.#lost = [...this.#lost, { message, idempotencyKey }].slice(-MOST_LOST);
      const error = (failure as Error).message;
      this.#set(this.#messages.map((one) => (one.key === key ? { ...one, error } : one)));
    }
  }

  drop(key: number): void {
    this.#set(this.#messages.filter((one) => one.key !== key));
  }

  /** Takes events of the log: what it tells of stands in the transcript. */
  hear(events: readonly LogEvent[]): void {
    for (const { type, taskId, data } of events) {
      if (type !== "message" || taskId !== this.#taskId) continue;
      const id = String(data.messageId);
      if (this.#messages.some((one) => one.id === id))
        this.#set(this.#messages.filter((one) => one.id !== id));
      else if (this.#awaits) this.#told.add(id);
    }
  }

  /** Whether the server may still tell of a message by an id that is not known here yet. */
  get #awaits(): boolean {
    const isUnderWay = ({ id, error }: Outgoing) => id === undefined && error === undefined;
    return this.#lost.length > 0 || this.#messages.some(isUnderWay);
  }

  /** The log starts over: what the server has taken stands in what is read from it. */
  restart(): void {
    this.#set(this.#messages.filter(({ id }) => id === undefined));
  }

  #set(messages: readonly Outgoing[]): void {
    this.#messages = messages;
    for (const listener of this.#listeners) listener();
  }
}

function isSame(one: Outgoing, other: Outgoing): boolean {
  const { length } = one.files;
  const hasSameFiles =
    length === other.files.length && one.files.every((file, at) => file === other.files[at]);
  return one.text === other.text && one.mode === other.mode && hasSameFiles;
}
