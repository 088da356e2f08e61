import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type {
  CreateTask,
  CreateWebhook,
  DeliveryView,
  EventType,
  NewEvent,
  PermissionRequest,
  WebhookEndpointView,
} from "@mission-control/protocol";
import { Metrics } from "../../src/metrics.ts";
import type { Operator } from "../../src/outbound/answers/answer-desk.ts";
import { Answers, type AnswersOptions } from "../../src/outbound/answers/answers.ts";
import { ChannelSender } from "../../src/outbound/channel-sender.ts";
import type { Clock } from "../../src/outbound/clock.ts";
import { MailSender } from "../../src/outbound/mail/mail-sender.ts";
import { Outbound } from "../../src/outbound/outbound.ts";
import { WebhookSender } from "../../src/outbound/sender.ts";
import { Webhooks } from "../../src/outbound/webhooks.ts";
import type { Lease, Store } from "../../src/store/store.ts";
import { openTestStore } from "./test-store.ts";
import { WebhookReceiver } from "./webhook-receiver.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** A clock that stands still until it is moved, and then calls back all that is due. */
export class TestClock implements Clock {
  #at = Date.parse("2026-11-23T10:00:00.000Z");
  readonly #timers = new Set<{ at: number; callback: () => void }>();

  readonly now = () => new Date(this.#at);

  after(ms: number, callback: () => void): { cancel(): void } {
    const timer = { at: this.#at + ms, callback };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  advance(ms: number): void {
    this.#at += ms;
    for (const timer of [...this.#timers]) {
      if (timer.at > this.#at) continue;
      this.#timers.delete(timer);
      timer.callback();
    }
  }
}

export interface OutboundFixtureOptions {
  /** Whether it delivers from the start; default true. */
  delivers?: boolean;
  timeoutMs?: number;
  /** How e-mails are sent; default not at all. */
  mail?: { smtpUrl: string; ca: string };
}

/** Outbound webhooks over a real store and to real receivers; only the clock is the test's. */
export class OutboundFixture {
  readonly clock = new TestClock();
  readonly store: Store;
  readonly webhooks: Webhooks;
  readonly sender: ChannelSender;
  readonly #service: WebhookSender;
  #outbound: Outbound | null = null;
  #leftBehind: Lease | null = null;

  static async open(context: TestContext, options: OutboundFixtureOptions = {}): Promise<OutboundFixture> {
    const folder = mkdtempSync(join(tmpdir(), "mission-control-outbound-"));
    const fixture = new OutboundFixture(folder, options);
    context.after(async () => {
      await fixture.stop();
      fixture.sender.close();
      await fixture.store.close();
      rmSync(folder, { recursive: true });
    });
    return fixture;
  }

  private constructor(folder: string, { delivers = true, timeoutMs, mail }: OutboundFixtureOptions) {
    const { clock } = this;
    this.store = openTestStore({ folder, now: clock.now });
    const times = timeoutMs === undefined ? {} : { timeoutMs };
    this.#service = new WebhookSender({ clock, allowPrivate: true, ...times });
    this.sender = new ChannelSender({
      webhook: this.#service,
      mail: new MailSender({ clock, smtpUrl: undefined, ...mail, from: MAIL_FROM, ...times }),
    });
    const { store, sender } = this;
    const canMail = mail !== undefined;
    this.webhooks = new Webhooks({ store, sender, clock, allowPrivate: true, canMail, publicUrl });
    if (delivers) this.start();
  }

  /** Begins to deliver, as a node does that starts. */
  start(): void {
    this.#outbound = this.another();
  }

  /** One more node that would deliver. */
  another(store: Store = this.store): Outbound {
    const { sender, clock } = this;
    return new Outbound({ store, sender, clock, publicUrl, logger: silent, metrics: new Metrics() });
  }

  /** One node that hears answers, and gives them as its operator would. */
  answers(
    context: TestContext,
    store: Store = this.store,
    more: Pick<AnswersOptions, "lookup"> = {},
  ): Answers {
    const service = this.#service;
    const operator = operatorOf(store);
    const answers = new Answers({
      store,
      operator,
      service,
      sender: this.sender,
      logger: silent,
      publicUrl,
      ...more,
    });
    context.after(() => answers.close());
    return answers;
  }

  /** A task that an agent has accepted. */
  async accepted(taskId: string, fields: Partial<CreateTask> = {}): Promise<void> {
    const { store } = this;
    const dispatchId = `${taskId}-1`;
    const base = {
      description: "",
      priority: "normal",
      tags: [],
      context: {},
      requiresReview: false,
    } as const;
    await store.change({
      kind: "create",
      taskId,
      fields: { title: `Task ${taskId}`, ...base, tags: [], ...fields },
    });
    await store.change({ kind: "dispatch", taskId, agentId: "a1", newDispatchId: dispatchId });
    await store.change({ kind: "sending", taskId, dispatchId });
    await store.change({ kind: "accepted", taskId, dispatchId });
  }

  /** The agent of a task asks. */
  async asks(taskId: string, request: Partial<PermissionRequest> = {}): Promise<void> {
    const options = [
      { optionId: "allow", name: "Allow", kind: "allow_once" },
      { optionId: "deny", name: "Deny", kind: "reject_once" },
    ];
    const asked: PermissionRequest = { id: "r1", title: "Run rm -rf build", options, ...request };
    const callback = { type: "permission", taskId, agentId: "a1", request: asked } as const;
    await this.store.change({ kind: "callback", taskId, callback, at: this.clock.now().toISOString() });
  }

  /** The agent of a task is done. */
  async completes(taskId: string, summary = "Done."): Promise<void> {
    const callback = { type: "complete", taskId, agentId: "a1", summary } as const;
    await this.store.change({ kind: "callback", taskId, callback, at: this.clock.now().toISOString() });
  }

  /** Ends to deliver, as a node does that stops. */
  async stop(): Promise<void> {
    await this.#outbound?.close();
    this.#outbound = null;
  }

  /**
   * Begins to deliver with a node that is gone from its `write`-th write on, which is made or not made.
   * @returns when that has come
   */
  startUntilKilled({ write, when }: { write: number; when: "before" | "after" }): Promise<void> {
    const killed = Promise.withResolvers<void>();
    let writes = 0;
    const own: Partial<Store> = {
      lease: async (...asked) => {
        const lease = await this.store.lease(...asked);
        this.#leftBehind = lease;
        return lease;
      },
      edit: async (...asked: unknown[]) => {
        const edit = () =>
          (this.store.edit as (...asked: unknown[]) => Promise<never>).apply(this.store, asked);
        if (++writes < write) return edit();
        if (writes === write && when === "after") await edit();
        killed.resolve();
        return new Promise<never>(() => {});
      },
    };
    const store = new Proxy(this.store, {
      get: (target, name: keyof Store) => own[name] ?? (target[name] as () => unknown).bind(target),
    });
    this.another(store);
    return killed.promise;
  }

  /** What was killed has its lease no more. */
  async leaveBehind(): Promise<void> {
    await this.#leftBehind?.release();
    this.#leftBehind = null;
  }

  /** A receiver that an endpoint sends to. */
  async receiver(
    context: TestContext,
    fields: Partial<CreateWebhook> = {},
  ): Promise<{ receiver: WebhookReceiver; id: string; secret: string }> {
    const receiver = await WebhookReceiver.start();
    context.after(() => receiver.close());
    const { id, secret } = await this.webhooks.create({ url: receiver.url, format: "event", ...fields });
    return { receiver, id, secret };
  }

  /** Appends events about these tasks. @returns the id of the last */
  async append(...taskIds: string[]): Promise<number> {
    return (await this.store.append(taskIds.map((taskId) => activity(taskId)))) as number;
  }

  async deliveries(endpointId: string): Promise<DeliveryView[]> {
    return (await this.webhooks.deliveries.list({ endpointId, limit: 500 })).items;
  }

  /** Moves the clock on, a minute in each turn of the event loop, until something has come. */
  async advancing(awaited: Promise<unknown>): Promise<void> {
    let isThere = false;
    void awaited.then(() => {
      isThere = true;
    });
    while (!isThere) {
      this.clock.advance(60_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Resolves when something is true of an endpoint as it is stored. */
  async until(id: string, isMet: (endpoint: WebhookEndpointView) => boolean): Promise<WebhookEndpointView> {
    for (;;) {
      const endpoint = await this.webhooks.get(id);
      if (endpoint && isMet(endpoint)) return endpoint;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Resolves when what was to be done by now would have begun. */
  async quietly(): Promise<void> {
    await this.store.append([]);
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Resolves when a request that was begun by now would have come. */
  async quiet(receiver: WebhookReceiver): Promise<void> {
    await Promise.all([this.store.append([]), fetch(receiver.url, { method: "HEAD" })]);
    receiver.received.splice(
      receiver.received.findLastIndex(({ body }) => body === ""),
      1,
    );
  }

  /** Resolves when something is true of an endpoint's deliveries as they are stored. */
  async settled(endpointId: string, isMet: (found: DeliveryView[]) => boolean): Promise<DeliveryView[]> {
    for (;;) {
      const found = await this.deliveries(endpointId);
      if (isMet(found)) return found;
      // A commit is made in a turn of the event loop.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** What an operator does, as the server's own routes have it done. */
export function operatorOf(store: Store): Operator {
  return {
    approve: (taskId, given) => store.change({ kind: "approve", taskId, ...given }),
    reject: (taskId, feedback, given) =>
      store.change({ kind: "reject", taskId, feedback, newDispatchId: `${taskId}-again`, ...given }),
    answerPermission: (taskId, requestId, answer, given) =>
      store.change({ kind: "answer_permission", taskId, requestId, ...answer, ...given }),
  };
}

export function activity(taskId: string, type: EventType = "activity"): NewEvent {
  const at = "2026-11-23T10:00:00.000Z";
  return { type, taskId, agentId: "a1", message: `about ${taskId}`, data: {}, timestamp: at, receivedAt: at };
}

export const MAIL_FROM = "mission@example.com";
export const PUBLIC_URL = "https://mission.example.com";
function publicUrl(): string {
  return PUBLIC_URL;
}
