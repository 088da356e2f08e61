import { basePath } from "../api/base-path.ts";
import { LiveHub, type Tab } from "./hub.ts";
import type { HubMessage, TabMessage } from "./messages.ts";
import { browserSurroundings } from "./surroundings.ts";
import { WORKER_NAME } from "./worker-name.ts";

/** A tab's end of the browser's one connection. */
export interface LiveLink {
  send(message: TabMessage): void;
  close(): void;
}

/** Opens the way to the shared connection; where the browser has no SharedWorker, the tab holds one of its own. */
export function openLink(onMessage: (message: HubMessage) => void): LiveLink {
  return typeof SharedWorker === "undefined" ? localLink(onMessage) : workerLink(onMessage);
}

function workerLink(onMessage: (message: HubMessage) => void): LiveLink {
  const worker = new SharedWorker(new URL("./worker.ts", import.meta.url), {
    type: "module",
    name: `${WORKER_NAME}${basePath()}`,
  });
  const { port } = worker;
  port.addEventListener("message", ({ data }: MessageEvent<HubMessage>) => onMessage(data));
  port.start();
  const send = (message: TabMessage) => port.postMessage(message);
  return {
    send,
    close() {
      send({ kind: "detach" });
      port.close();
    },
  };
}

function localLink(onMessage: (message: HubMessage) => void): LiveLink {
  const hub = new LiveHub(browserSurroundings(basePath()));
  const tab: Tab = { post: onMessage };
  const retry = () => hub.retryNow();
  addEventListener("online", retry);
  return {
    send(message) {
      if (message.kind === "attach") hub.attach(tab, message.after, message.key);
      else if (message.kind === "retry") hub.retryNow(message.key);
      else hub.detach(tab);
    },
    close() {
      removeEventListener("online", retry);
      hub.detach(tab);
    },
  };
}
