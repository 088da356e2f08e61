import { basePath } from "../api/base-path.ts";
import { newIdempotencyKey } from "../api/idempotency-key.ts";
import { sessionKey } from "../api/session-key.ts";
import { Part } from "../ui/part.ts";
import { FirstRead } from "./first-read.ts";
import type { HubMessage, TabMessage } from "./messages.ts";
import { browserSurroundings } from "./surroundings.ts";
import { WORKER_NAME } from "./worker-name.ts";

/** A worker that has not answered for this long is asked for again. */
const WORKER_MS = 10_000;

/** A tab's end of the browser's one connection. */
export interface LiveLink {
  send(message: TabMessage): void;
  close(): void;
}

/** What opens one end; rejects when what it needs could not be loaded. */
type Opening = (onMessage: (message: HubMessage) => void) => Promise<LiveLink>;

/** Opens the way to the shared connection: a worker holds it or, where the browser has no SharedWorker, one of the tabs. */
export function openLink(onMessage: (message: HubMessage) => void): LiveLink {
  return new OpeningLink(typeof SharedWorker === "undefined" ? openAmongTabs : openWorker, onMessage);
}

/** A link whose script is loaded until it is there; what was sent meanwhile reaches it then. */
export class OpeningLink implements LiveLink {
  #link: LiveLink | null = null;
  /** Where the tab stands: the last that was said of it, and that it wants. */
  #last: TabMessage | null = null;
  #isClosed = false;
  readonly #opening = new FirstRead({
    now: () => performance.now(),
    random: Math.random,
    onFailure: () => undefined,
    isFinal: () => false,
  });

  constructor(open: Opening, onMessage: (message: HubMessage) => void) {
    void this.#opening.run(async () => {
      const link = await open(onMessage);
      if (this.#isClosed) return link.close();
      this.#link = link;
      if (this.#last) link.send(this.#last);
    });
  }

  send(message: TabMessage): void {
    if (this.#link) this.#link.send(message);
    else if (message.kind === "retry") this.#opening.retryNow();
    else this.#last = message;
  }

  close(): void {
    this.#isClosed = true;
    this.#opening.close();
    this.#link?.close();
  }
}

function openWorker(onMessage: (message: HubMessage) => void): Promise<LiveLink> {
  return new Promise((resolve, reject) => {
    const worker = new SharedWorker(new URL("./worker.ts", import.meta.url), {
      type: "module",
      name: `${WORKER_NAME}${basePath()}`,
    });
    const fail = () => reject(new Error("The worker could not be loaded."));
    worker.addEventListener("error", fail);
    const timer = setTimeout(fail, WORKER_MS);
    const { port } = worker;
    const send = (message: TabMessage) => port.postMessage(message);
    const link: LiveLink = {
      send,
      close() {
        send({ kind: "detach" });
        port.close();
      },
    };
    port.addEventListener("message", ({ data }: MessageEvent<HubMessage>) => {
      if (data.kind !== "here") return onMessage(data);
      clearTimeout(timer);
      resolve(link);
    });
    port.start();
  });
}

const sharedLink = new Part(() => import("./shared-link.ts"));

async function openAmongTabs(onMessage: (message: HubMessage) => void): Promise<LiveLink> {
  const { SharedLink } = await sharedLink.load();
  const around = {
    ...browserSurroundings(basePath()),
    locks: navigator.locks ?? null,
    id: newIdempotencyKey(),
    key: sessionKey,
  };
  const link = new SharedLink(around, `${WORKER_NAME}${basePath()}`, onMessage);
  addEventListener("online", () => link.send({ kind: "retry", key: sessionKey() }));
  return link;
}
