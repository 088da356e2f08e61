import type { LogEvent } from "@mission-control/protocol";
import type { DeliveryRecord } from "../../store/deliveries.ts";
import type { WebhookRecord } from "../../store/records.ts";
import type { Store } from "../../store/store.ts";
import type { LoggedEvent } from "../log-source.ts";
import { isChanged } from "../notice.ts";
import type { MessageSender, TryResult } from "../sender.ts";
import { endedMessage } from "./ended-message.ts";
import { endingWords, mayEnd } from "./ending.ts";
import { OpenMessages } from "./open-messages.ts";

export interface MessageEndingsParts {
  store: Pick<Store, "deliveries" | "task" | "deliveryEvent" | "frames" | "range">;
  sender: MessageSender;
  publicUrl: () => string;
}

/** Has the messages of one endpoint changed where they are shown, once what they ask for is over. */
export class MessageEndings {
  readonly #parts: MessageEndingsParts;
  readonly #over: (delivery: DeliveryRecord) => void;
  /** Null where the endpoint's format has no messages that are changed. */
  #open: { endpoint: WebhookRecord; messages: OpenMessages } | null = null;

  /** @param over called with a delivery whose message waits no more */
  constructor(parts: MessageEndingsParts, over: (delivery: DeliveryRecord) => void) {
    this.#parts = parts;
    this.#over = over;
  }

  /** Whether messages are changed at all. */
  get isOn(): boolean {
    return this.#open !== null;
  }

  /** Takes an endpoint as it is now, with the messages of its deliveries. */
  async load(endpoint: WebhookRecord): Promise<void> {
    if (!isChanged(endpoint.format)) this.#open = null;
    else if (this.#open) this.#open.endpoint = endpoint;
    else this.#open = { endpoint, messages: await OpenMessages.load(this.#parts.store, endpoint.id) };
  }

  /** Notes a delivery that is over, if its message waits for people. */
  add(delivery: DeliveryRecord): void {
    this.#open?.messages.add(delivery);
  }

  /**
   * Whether messages may be over by an event that was read.
   * @param holds whether messages about a task are still to be sent
   */
  mayEnd({ taskId, json }: LoggedEvent, holds: (taskId: string) => boolean): boolean {
    if (!this.#open || taskId === undefined) return false;
    return (this.#open.messages.has(taskId) || holds(taskId)) && this.endingIn(json) !== null;
  }

  /** An event by which messages may be over; null for any other. */
  endingIn(json: string): LogEvent | null {
    if (!this.#open) return null;
    const event = JSON.parse(json) as LogEvent;
    return mayEnd(event) ? event : null;
  }

  /**
   * Has the messages changed that are over by an event.
   * @param id of the event's delivery
   * @returns the try that failed; null where none did
   */
  async end(id: string, event: LogEvent, signal: AbortSignal): Promise<TryResult | null> {
    if (!this.#open) return null;
    const { store, sender, publicUrl } = this.#parts;
    const { endpoint, messages } = this.#open;
    const words = endingWords(event);
    return messages.end(
      event,
      async (message) => {
        const edit = await endedMessage(store, endpoint, message, words, publicUrl());
        return sender.send(endpoint, id, edit, signal);
      },
      this.#over,
    );
  }
}
