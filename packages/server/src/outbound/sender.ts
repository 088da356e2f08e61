import type { DeliveryTry } from "@mission-control/protocol";
import { NoAnswerError, RequestSender, secretsAt } from "../gateways/http/signed-request.ts";
import type { MessagePlace } from "../store/deliveries.ts";
import type { WebhookRecord } from "../store/records.ts";
import type { Clock } from "./clock.ts";
import type { Message } from "./message.ts";
import { isPrivateHost, PrivateAddressError, publicLookup, type Resolve } from "./public-address.ts";

/** A try is over after so long, whatever the receiver does; in milliseconds. */
const TIMEOUT_MS = 15_000;
/** The body of an answer is waited for so long. */
const BODY_MS = 2000;
/** So much of it is kept, in UTF-16 units; no more than so many bytes of it are read. */
const EXCERPT_LENGTH = 1024;
const EXCERPT_BYTES = 4096;
/** What a service answers is read up to here, where it says more than its status. */
const ANSWER_BYTES = 256 * 1024;

/** What came of one try. */
export interface TryResult {
  made: DeliveryTry;
  isDelivered: boolean;
  /** The receiver is gone for good: HTTP 410. */
  isGone: boolean;
  /** This message is not taken, however often it is sent. */
  isRefused?: boolean;
  /** Where a service has put the message, by which it can be changed there. */
  place?: MessagePlace;
  /** What the receiver asked for, in milliseconds. */
  retryAfterMs: number | undefined;
}

/** What makes tries to deliver. */
export interface MessageSender {
  /** One try; never rejects for what the other side does. @param id the delivery's */
  send(endpoint: WebhookRecord, id: string, message: Message, signal: AbortSignal): Promise<TryResult>;
}

export interface WebhookSenderOptions {
  clock: Clock;
  /** Whether addresses may be sent to that are not public ones. */
  allowPrivate: boolean;
  /** Looks up names; default the system's way. */
  resolve?: Resolve;
  /** How long one try may take, in milliseconds; default 15 s. */
  timeoutMs?: number;
}

/** What is posted to an endpoint, or to the service that shows its messages. */
export interface Post {
  url: string;
  contentType: string;
  body: string;
  /** Beside those of every request, such as `authorization`. */
  headers?: Record<string, string>;
  /** Whether the answer says more than its status: then so much of it is read as a service answers at most. */
  isAnswerRead?: boolean;
  /** How long it may take, in milliseconds; default as long as any try. */
  timeoutMs?: number;
}

/** Sends messages to endpoints, signed by Standard Webhooks. Follows no redirects. */
export class WebhookSender {
  readonly #options: WebhookSenderOptions;
  readonly #sender: RequestSender;
  /** Reads more of the answers. */
  readonly #reader: RequestSender;

  constructor(options: WebhookSenderOptions) {
    this.#options = options;
    const { allowPrivate, resolve } = options;
    const lookup = allowPrivate ? {} : { lookup: publicLookup(resolve) };
    this.#sender = new RequestSender({ maxBodyBytes: EXCERPT_BYTES, ...lookup });
    this.#reader = new RequestSender({ maxBodyBytes: ANSWER_BYTES, ...lookup });
  }

  /** One try; never rejects. @param id the delivery's */
  async send(
    endpoint: SigningEndpoint,
    id: string,
    { contentType, body, url = endpoint.url }: Message,
    signal: AbortSignal,
  ): Promise<TryResult> {
    return (await this.post(endpoint, id, { url, contentType, body }, signal)).result;
  }

  /** One try, and as much of the answer as is read; never rejects. @param id the delivery's */
  async post(
    endpoint: SigningEndpoint,
    id: string,
    { url: target, contentType, body, headers, isAnswerRead = false, timeoutMs: given }: Post,
    signal: AbortSignal,
  ): Promise<{ result: TryResult; answer: string }> {
    const { clock, allowPrivate } = this.#options;
    const timeoutMs = given ?? this.#options.timeoutMs ?? TIMEOUT_MS;
    const now = clock.now();
    const at = now.toISOString();
    const begun = performance.now();
    const failed = (error: string) => ({
      result: {
        made: { at, durationMs: Math.round(performance.now() - begun), error },
        isDelivered: false,
        isGone: false,
        retryAfterMs: undefined,
      },
      answer: "",
    });
    const url = new URL(target);
    if (!allowPrivate && isPrivateHost(url)) return failed(`Not sent: ${new PrivateAddressError().message}.`);
    const timeout = AbortSignal.timeout(timeoutMs);
    const request = {
      method: "POST" as const,
      url,
      id,
      ...secretsAt(endpoint, now),
      contentType,
      body,
      headers,
    };
    const times = { sendMs: timeoutMs, answerMs: timeoutMs, bodyMs: BODY_MS };
    const sender = isAnswerRead ? this.#reader : this.#sender;
    try {
      const answer = await sender.send(request, times, AbortSignal.any([signal, timeout]));
      const { status, retryAfterMs } = answer;
      const isDelivered = status >= 200 && status < 300;
      const response = answer.body.slice(0, EXCERPT_LENGTH);
      const made = {
        at,
        durationMs: Math.round(performance.now() - begun),
        status,
        ...(isDelivered ? {} : { error: refusalOf(status) }),
        ...(response === "" ? {} : { response }),
      };
      return {
        result: { made, isDelivered, isGone: status === 410, retryAfterMs },
        answer: answer.body,
      };
    } catch (error) {
      if (!(error instanceof NoAnswerError)) throw error;
      if (timeout.aborted) return failed(`No answer within ${timeoutMs / 1000} s.`);
      return failed(`Not delivered: ${error.message}.`);
    }
  }

  close(): void {
    this.#sender.close();
    this.#reader.close();
  }
}

type SigningEndpoint = Pick<WebhookRecord, "url" | "secret" | "previousSecret">;

function refusalOf(status: number): string {
  const redirect = status >= 300 && status < 400 ? ", and redirects are not followed" : "";
  return `Answered with HTTP ${status}${redirect}.`;
}
