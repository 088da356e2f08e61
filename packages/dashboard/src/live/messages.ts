import type { LiveStatus } from "./status.ts";

/** From a tab to the hub that holds the connection. */
export type TabMessage =
  /** Send every event after this position, then go on; the key proves the session to the server. */
  | { kind: "attach"; after: number; key: string | null }
  /** Try to connect now, with this key. */
  | { kind: "retry"; key: string | null }
  /** The tab goes away. */
  | { kind: "detach" };

/** From the hub to a tab. */
export type HubMessage =
  /** The worker was loaded and listens. */
  | { kind: "here" }
  /** Events in log order as one JSON array; `lastId` is the last one's position. */
  | { kind: "events"; json: string; lastId: number }
  /** What the tab knows cannot be continued: load a new snapshot; events go on after `newest`. */
  | { kind: "reset"; newest: number }
  /** `at` is the hub's clock now, so that the tab can tell the status's times by its own. */
  | { kind: "status"; status: LiveStatus; at: number };
