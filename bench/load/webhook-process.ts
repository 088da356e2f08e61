import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "./channel.ts";

let received = 0;

/** A receiver of webhooks that takes whatever comes, and counts it. */
const calls = {
  async start(): Promise<{ url: string }> {
    const server = createServer((request, response) => {
      request.resume();
      request.once("end", () => {
        received += 1;
        response.writeHead(204).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` };
  },

  /** How many requests came since this was asked last. */
  takeCount(): number {
    const count = received;
    received = 0;
    return count;
  },
};
export type WebhookCalls = typeof calls;

serve(calls);
