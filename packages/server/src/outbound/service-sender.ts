import type { JsonObject } from "@mission-control/protocol";
import type { MessagePlace } from "../store/deliveries.ts";
import type { WebhookRecord } from "../store/records.ts";
import type { Message } from "./message.ts";
import type { MessageSender, TryResult } from "./sender.ts";
import { callService, type ServiceSender } from "./service-call.ts";

/** How a service takes messages, and answers that it has. */
export interface MessageService {
  /** What a call carries beside its body, such as a token that does not stand in the URL. */
  headers?(endpoint: WebhookRecord): Record<string, string>;
  /** Whether a message that is refused so is refused again however often it is sent. */
  isFinal(refusal: string): boolean;
  /** Where a message was put, by an answer that took it; empty texts where it does not say. */
  placeIn(json: JsonObject): MessagePlace;
}

/** Writes messages by the methods of a service, and tells where it has put them. */
export class ServiceMessageSender implements MessageSender {
  readonly #sender: ServiceSender;
  readonly #service: MessageService;

  constructor(sender: ServiceSender, service: MessageService) {
    this.#sender = sender;
    this.#service = service;
  }

  async send(
    endpoint: WebhookRecord,
    id: string,
    { url = endpoint.url, body }: Message,
    signal: AbortSignal,
  ): Promise<TryResult> {
    const headers = this.#service.headers?.(endpoint) ?? {};
    const asked = { url, headers, body: JSON.parse(body) as JsonObject };
    const { result, json, refusal = "" } = await callService(this.#sender, endpoint, id, asked, signal);
    const place = this.#service.placeIn(json);
    return {
      ...result,
      isRefused: this.#service.isFinal(refusal),
      ...(place.message === "" ? {} : { place }),
    };
  }
}
