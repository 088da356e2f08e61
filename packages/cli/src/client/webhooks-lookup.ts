import { type WebhookEndpointView, webhookEndpointSchema } from "@mission-control/protocol";
import { z } from "zod";
import type { ApiClient } from "./api-client.ts";
import { findByName } from "./by-name.ts";

export const ENDPOINTS = "/api/webhooks/endpoints";
/** How a command says what names an endpoint. */
export const ENDPOINT_ARGUMENT = "the endpoint's id, description or URL";

const endpointListSchema = z.object({ items: z.array(webhookEndpointSchema) });

/** Every endpoint the server knows. */
export async function listEndpoints(client: ApiClient): Promise<WebhookEndpointView[]> {
  return (await client.get(ENDPOINTS, endpointListSchema)).items;
}

/** The endpoint of this id, description or URL. @throws CommandError that says which there are */
export async function findEndpoint(client: ApiClient, named: string): Promise<WebhookEndpointView> {
  const all = await listEndpoints(client);
  const byUrl = all.filter(({ url }) => url === named);
  if (byUrl[0] && byUrl.length === 1) return byUrl[0];
  return findByName(
    "webhook",
    all.map((endpoint) => ({ ...endpoint, name: endpoint.description ?? endpoint.url })),
    named,
  );
}
