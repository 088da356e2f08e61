import type { LogEvent } from "@mission-control/protocol";
import type { ServerProcess } from "./server-process.ts";

/** Waits until it was told of so many shares of budgets that they are used; each as "name threshold", sorted. */
export async function sharesTold(server: ServerProcess, count: number): Promise<string[]> {
  for (;;) {
    const { items } = await server.call<{ items: LogEvent[] }>(
      "GET",
      "/api/events/history?types=budget&limit=500",
    );
    const reached = items.filter(({ data }) => data.change === "reached");
    if (reached.length >= count) return reached.map(({ data }) => `${data.name} ${data.threshold}`).sort();
  }
}
