import type { LogEvent } from "@mission-control/protocol";
import type { DeliveryRecord, ShownMessage } from "../../store/deliveries.ts";
import type { Store } from "../../store/store.ts";
import type { TryResult } from "../sender.ts";
import { ends } from "./ending.ts";

/** A delivery whose message waits for people. */
export type OpenMessage = DeliveryRecord & { shown: ShownMessage };

/** So many deliveries are read at once. */
const PAGE = 500;

/** The messages of one endpoint that wait for people, by their tasks. */
export class OpenMessages {
  readonly #byTask = new Map<string, Map<string, OpenMessage>>();

  /** Those of the endpoint's deliveries. */
  static async load(store: Pick<Store, "deliveries">, endpointId: string): Promise<OpenMessages> {
    const messages = new OpenMessages();
    let cursor: string | null = null;
    do {
      const from: { cursor?: string } = cursor === null ? {} : { cursor };
      const page = await store.deliveries({ endpointId, state: "delivered", limit: PAGE, ...from });
      for (const delivery of page.items) messages.add(delivery);
      cursor = page.nextCursor;
    } while (cursor !== null);
    return messages;
  }

  /** Whether something of a task waits. */
  has(taskId: string): boolean {
    return this.#byTask.has(taskId);
  }

  /** Adds a delivery's message, if it has one that waits. */
  add(delivery: DeliveryRecord): void {
    const { id, taskId } = delivery;
    if (!isOpen(delivery) || taskId === undefined) return;
    const ofTask = this.#byTask.get(taskId) ?? new Map<string, OpenMessage>();
    this.#byTask.set(taskId, ofTask.set(id, delivery));
  }

  /**
   * Has those messages changed whose end an event is, one after the other.
   * @param change makes one try; refused for good is as good as done: the message is gone
   * @param over called with each that was changed: it waits no more
   * @returns the try that failed; null when all are changed
   */
  async end(
    event: LogEvent,
    change: (message: OpenMessage) => Promise<TryResult>,
    over: (delivery: DeliveryRecord) => void,
  ): Promise<TryResult | null> {
    const ofTask = this.#byTask.get(event.taskId ?? "") ?? new Map<string, OpenMessage>();
    for (const message of [...ofTask.values()].filter(({ shown }) => ends(event, shown))) {
      const result = await change(message);
      if (!result.isDelivered && !result.isRefused) return result;
      ofTask.delete(message.id);
      const { shown: _, ...delivery } = message;
      over(delivery);
    }
    if (ofTask.size === 0) this.#byTask.delete(event.taskId ?? "");
    return null;
  }
}

function isOpen(delivery: DeliveryRecord): delivery is OpenMessage {
  return delivery.shown !== undefined;
}
