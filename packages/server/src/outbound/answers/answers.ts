import type { LookupFunction } from "node:net";
import { LeasedWork } from "../../leased-work.ts";
import type { Logger } from "../../logger.ts";
import type { WebhookRecord } from "../../store/records.ts";
import type { Lease, LogEntry, Store } from "../../store/store.ts";
import type { MessageSender } from "../sender.ts";
import type { ServiceSender } from "../service-call.ts";
import { SlackListener } from "../slack/slack-listener.ts";
import { slackChannel } from "../slack/slack-message.ts";
import { TelegramListener } from "../telegram/telegram-listener.ts";
import { telegramChat } from "../telegram/telegram-message.ts";
import { AnswerDesk, type Operator } from "./answer-desk.ts";

/** The lease under which services are listened to: one node does. */
const LEASE = "answers";
const AFTER_ERROR_MS = 1000;

export interface AnswersOptions {
  store: Store;
  operator: Operator;
  service: ServiceSender;
  /** Changes messages. */
  sender: MessageSender;
  logger: Pick<Logger, "warn" | "error">;
  publicUrl: () => string;
  /** Looks up the names of what services tell to connect to; default the system's way. */
  lookup?: LookupFunction | undefined;
}

/** What all that listen share. */
export interface ListenerParts extends Omit<AnswersOptions, "logger"> {
  desk: AnswerDesk;
  /** The endpoints whose messages it hears the answers to: never none. */
  endpoints: () => readonly [WebhookRecord, ...WebhookRecord[]];
  /** Called with why it hears nothing or, with null, when it does. */
  report: (error: string | null) => void;
}

/** Hears answers from one app or bot. */
export interface Listener {
  close(): Promise<void>;
}

/**
 * Listens where people answer, for as long as this node has the lease: once for each app of Slack and each bot of
 * Telegram, however many endpoints it writes for.
 */
export class Answers {
  readonly #work: LeasedWork;

  constructor(options: AnswersOptions) {
    this.#work = new LeasedWork({
      store: options.store,
      name: LEASE,
      work: (lease, signal) => hold(options, lease, signal),
      failed: (error) => options.logger.error({ err: error }, "answers could not be listened for"),
      pauseMs: AFTER_ERROR_MS,
    });
  }

  close(): Promise<void> {
    return this.#work.close();
  }
}

async function hold(options: AnswersOptions, _: Lease, ended: AbortSignal): Promise<void> {
  const { newest } = await options.store.range();
  const listeners = new Listeners(options);
  const follow = (entries: readonly LogEntry[]) => listeners.follow(entries);
  const follower = options.store.follow(newest, follow, { inBatches: true });
  try {
    await listeners.review();
    if (!ended.aborted) {
      await new Promise((resolve) => ended.addEventListener("abort", resolve, { once: true }));
    }
  } finally {
    follower.close();
    await listeners.close();
  }
}

/** One for each app or bot that endpoints name; made anew as those change. */
class Listeners {
  readonly #options: AnswersOptions;
  readonly #desk: AnswerDesk;
  readonly #open = new Map<string, { listener: Listener; endpoints: [WebhookRecord, ...WebhookRecord[]] }>();
  #reviewing: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: AnswersOptions) {
    this.#options = options;
    this.#desk = new AnswerDesk(options);
  }

  follow(entries: readonly LogEntry[]): void {
    if (entries.some(({ type }) => type === "webhook")) void this.review();
  }

  /** Opens and closes what the endpoints, as they are stored now, ask for; one review after the other. */
  review(): Promise<void> {
    this.#reviewing = this.#reviewing
      .then(() => this.#review())
      .catch((error: unknown) => {
        if (this.#isClosed) return;
        this.#options.logger.error({ err: error }, "endpoints with answers could not be looked at");
      });
    return this.#reviewing;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#reviewing;
    await Promise.all([...this.#open.values()].map(({ listener }) => listener.close()));
  }

  async #review(): Promise<void> {
    if (this.#isClosed) return;
    const wanted = new Map<string, [WebhookRecord, ...WebhookRecord[]]>();
    for (const endpoint of await this.#options.store.records("webhook")) {
      const source = sourceOf(endpoint);
      if (source === null) continue;
      const others = wanted.get(source);
      if (others) others.push(endpoint);
      else wanted.set(source, [endpoint]);
    }
    for (const [source, { listener }] of this.#open) {
      if (wanted.has(source)) continue;
      this.#open.delete(source);
      await listener.close();
    }
    for (const [source, endpoints] of wanted) {
      const open = this.#open.get(source);
      if (open) open.endpoints = endpoints;
      else if (!this.#isClosed) this.#listen(source, endpoints);
    }
  }

  #listen(source: string, endpoints: [WebhookRecord, ...WebhookRecord[]]): void {
    const { logger, ...others } = this.#options;
    const parts: ListenerParts = {
      ...others,
      desk: this.#desk,
      endpoints: () => this.#open.get(source)?.endpoints ?? endpoints,
      report: (error) => void this.#report(source, error),
    };
    const isSlack = endpoints[0].format === "slack_app";
    const listener = isSlack ? new SlackListener(parts) : new TelegramListener(parts);
    this.#open.set(source, { listener, endpoints });
  }

  /** Has the endpoints say why no answers come; told by no event, as it comes and goes. */
  async #report(source: string, error: string | null): Promise<void> {
    const { store, logger } = this.#options;
    if (error !== null) logger.warn({ reason: error }, "answers do not come");
    for (const { id } of this.#open.get(source)?.endpoints ?? []) {
      await store
        .edit("webhook", id, (current) => {
          if (!current) return { record: null };
          const { answersError: _, ...record } = current;
          return { record: error === null ? record : { ...record, answersError: error } };
        })
        .catch((failure: unknown) => {
          if (!this.#isClosed)
            logger.error({ err: failure, webhookId: id }, "why answers do not come could not be stored");
        });
    }
  }
}

/** What an endpoint's answers come from, told apart from others by the token; null where none are asked for. */
function sourceOf({ format, url, answers, tokens, status }: WebhookRecord): string | null {
  if (!answers || status === "off") return null;
  if (format === "telegram") return `telegram ${telegramChat(url).base}`;
  if (format === "slack_app" && tokens?.app) return `slack ${slackChannel(url).base} ${tokens.app}`;
  return null;
}
