import { QueryClient } from "@tanstack/react-query";
import { Mission } from "../../src/app/mission.ts";
import type { HubMessage, TabMessage } from "../../src/live/messages.ts";
import { becomePage, type PageGlobals } from "./page-globals.ts";

/** A call of the page to the server, which a test answers. */
export class Call {
  readonly method: string;
  /** From `/api` on, with its query. */
  readonly path: string;
  readonly body: unknown;
  readonly headers: Headers;
  /** Whether it goes on when the page goes away. */
  readonly keepalive: boolean;
  readonly #answered = Promise.withResolvers<Response>();

  constructor(path: string, { method = "GET", body, headers, keepalive = false, signal }: RequestInit) {
    this.method = method;
    this.path = path;
    this.body = typeof body === "string" ? JSON.parse(body) : undefined;
    this.headers = new Headers(headers);
    this.keepalive = keepalive;
    signal?.addEventListener("abort", () => this.#answered.reject(signal.reason));
  }

  get response(): Promise<Response> {
    return this.#answered.promise;
  }

  answer(body: unknown = {}, status = 200): void {
    this.#answered.resolve(Response.json(body, { status }));
  }

  refuse(status: number, detail = "Refused."): void {
    this.answer({ title: "Refused", status, detail }, status);
  }

  /** No answer comes. */
  fail(): void {
    this.#answered.reject(new TypeError("Failed to fetch"));
  }
}

/** A page's {@link Mission}, with its server and its live connection in the hands of a test. */
export class TestMission {
  readonly mission: Mission;
  readonly page: PageGlobals;
  /** What the page has sent to its live connection. */
  readonly sent: TabMessage[] = [];
  /** How often the page was told of changes. */
  told = 0;
  readonly #calls: Call[] = [];
  readonly #waiting: { matches(call: Call): boolean; take(call: Call): void }[] = [];
  readonly #window = new EventTarget();
  #hear: (message: HubMessage) => void = () => undefined;

  constructor() {
    this.page = becomePage("http://127.0.0.1:4000/");
    const { document } = globalThis as { document: object };
    Object.assign(document, { visibilityState: "visible" });
    Object.assign(globalThis, {
      fetch: (path: string, init: RequestInit = {}) => this.#take(new Call(path, init)),
      addEventListener: this.#window.addEventListener.bind(this.#window),
      removeEventListener: this.#window.removeEventListener.bind(this.#window),
    });
    const queries = new QueryClient({ defaultOptions: { queries: { retry: false, networkMode: "always" } } });
    this.mission = new Mission(queries, (hear) => {
      this.#hear = hear;
      return { send: (message) => void this.sent.push(message), close: () => undefined };
    });
    this.mission.subscribe(() => this.told++);
  }

  close(): void {
    this.mission.stop();
    this.mission.queries.clear();
    for (const name of ["addEventListener", "removeEventListener"]) Reflect.deleteProperty(globalThis, name);
    this.page.restore();
  }

  /** Something that happens to the page's window, such as `pagehide`. */
  happen(type: string, fields: object = {}): void {
    this.#window.dispatchEvent(Object.assign(new Event(type), fields));
  }

  /** The live connection tells the page something. */
  tell(message: HubMessage): void {
    this.#hear(message);
  }

  /** Events of the log come in. */
  events(...events: { id: number }[]): void {
    this.tell({ kind: "events", json: JSON.stringify(events), lastId: events.at(-1)?.id ?? 0 });
  }

  /** The next call that was not taken yet, whose method and path begin so: `"POST /api/tasks"`. Waits for it. */
  async call(start: string): Promise<Call> {
    const matches = ({ method, path }: Call) => `${method} ${path}`.startsWith(start);
    const at = this.#calls.findIndex(matches);
    if (at >= 0) return this.#calls.splice(at, 1)[0] as Call;
    return new Promise((take) => this.#waiting.push({ matches, take }));
  }

  /** The calls that nobody has taken. */
  get open(): string[] {
    return this.#calls.map(({ method, path }) => `${method} ${path}`);
  }

  /** Begins with these tasks, as of an event. */
  async start(items: readonly object[] = [], lastEventId = 10): Promise<void> {
    const started = this.mission.start();
    (await this.call("GET /api/tasks")).answer({ items, nextCursor: null, lastEventId });
    await started;
  }

  #take(call: Call): Promise<Response> {
    const at = this.#waiting.findIndex(({ matches }) => matches(call));
    if (at >= 0) this.#waiting.splice(at, 1)[0]?.take(call);
    else this.#calls.push(call);
    return call.response;
  }
}

/** Lets everything go on that waits for nothing but its turn. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await new Promise((resolve) => setImmediate(resolve));
}
