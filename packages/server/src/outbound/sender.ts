import type { DeliveryTry } from "@mission-control/protocol";
import { NoAnswerError, RequestSender, secretsAt } from "../gateways/http/signed-request.ts";
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

/** What came of one try. */
export interface TryResult {
  made: DeliveryTry;
  isDelivered: boolean;
  /** The receiver is gone for good: HTTP 410. */
  isGone: boolean;
  /** This message is not taken, however often it is sent. */
  isRefused?: boolean;
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

/** Sends messages to endpoints, signed by Standard Webhooks. Follows no redirects. */
export class WebhookSender {
  readonly #options: WebhookSenderOptions;
  readonly #sender: RequestSender;

  constructor(options: WebhookSenderOptions) {
    this.#options = options;
    const { allowPrivate, resolve } = options;
    this.#sender = new RequestSender({
      maxBodyBytes: EXCERPT_BYTES,
      ...(allowPrivate ? {} : { lookup: publicLookup(resolve) }),
    });
  }

  /** One try; never rejects. @param id the delivery's */
  async send(
    endpoint: Pick<WebhookRecord, "url" | "secret" | "previousSecret">,
    id: string,
    { contentType, body, url: target = endpoint.url }: Message,
    signal: AbortSignal,
  ): Promise<TryResult> {
    const { clock, allowPrivate, timeoutMs = TIMEOUT_MS } = this.#options;
    const now = clock.now();
    const at = now.toISOString();
    const begun = performance.now();
    const failed = (error: string): TryResult => ({
      made: { at, durationMs: Math.round(performance.now() - begun), error },
      isDelivered: false,
      isGone: false,
      retryAfterMs: undefined,
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
    };
    const times = { sendMs: timeoutMs, answerMs: timeoutMs, bodyMs: BODY_MS };
    try {
      const answer = await this.#sender.send(request, times, AbortSignal.any([signal, timeout]));
      const { status, retryAfterMs } = answer;
      const isDelivered = status >= 200 && status < 300;
      const response = answer.body.slice(0, EXCERPT_LENGTH);
      return {
        made: {
          at,
          durationMs: Math.round(performance.now() - begun),
          status,
          ...(isDelivered ? {} : { error: refusalOf(status) }),
          ...(response === "" ? {} : { response }),
        },
        isDelivered,
        isGone: status === 410,
        retryAfterMs,
      };
    } catch (error) {
      if (!(error instanceof NoAnswerError)) throw error;
      if (timeout.aborted) return failed(`No answer within ${timeoutMs / 1000} s.`);
      return failed(`Not delivered: ${error.message}.`);
    }
  }

  close(): void {
    this.#sender.close();
  }
}

function refusalOf(status: number): string {
  const redirect = status >= 300 && status < 400 ? ", and redirects are not followed" : "";
  return `Answered with HTTP ${status}${redirect}.`;
}
