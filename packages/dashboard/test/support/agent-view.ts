import type { AgentView } from "@mission-control/protocol";

/** An agent as the server shows it: idle, and named as its id. */
export function agentView(id: string, fields: Partial<AgentView> = {}): AgentView {
  return {
    id,
    name: id,
    status: "online",
    capabilities: [],
    concurrency: 1,
    endpoint: { kind: "http", url: "http://127.0.0.1:9" },
    running: 0,
    queued: 0,
    lastSeenAt: null,
    lastWordAt: null,
    createdAt: "2026-11-23T10:00:00.000Z",
    updatedAt: "2026-11-23T10:00:00.000Z",
    ...fields,
  };
}
