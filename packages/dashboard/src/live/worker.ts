/// <reference lib="webworker" />
import { LiveHub, type Tab } from "./hub.ts";
import type { TabMessage } from "./messages.ts";
import { browserSurroundings } from "./surroundings.ts";
import { WORKER_NAME } from "./worker-name.ts";

/** The SharedWorker: one connection to the server for all tabs of this browser. */
const scope = self as unknown as SharedWorkerGlobalScope;
const hub = new LiveHub(browserSurroundings(scope.name.slice(WORKER_NAME.length)));

scope.addEventListener("connect", ({ ports }) => {
  const port = ports[0];
  if (!port) return;
  const tab: Tab = { post: (message) => port.postMessage(message) };
  port.addEventListener("message", ({ data }: MessageEvent<TabMessage>) => {
    switch (data.kind) {
      case "attach":
        hub.attach(tab, data.after, data.key);
        break;
      case "retry":
        hub.retryNow(data.key);
        break;
      case "detach":
        hub.detach(tab);
    }
  });
  port.start();
  tab.post({ kind: "here" });
});
scope.addEventListener("online", () => hub.retryNow());
