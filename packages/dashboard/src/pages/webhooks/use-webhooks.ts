import type { WebhookEndpointView } from "@mission-control/protocol";
import { useQuery } from "@tanstack/react-query";
import { useMission } from "../../app/use-mission.ts";

export const ENDPOINTS = "/api/webhooks/endpoints";
export const DELIVERIES = "/api/webhooks/deliveries";
/** What is delivered is told by no event: while the page is seen, it asks again after so long, in milliseconds. */
const REFRESH_MS = 3_000;

/** All endpoints, and how they do. */
export function useEndpoints() {
  const { api } = useMission();
  return useQuery({
    queryKey: ["webhooks", "endpoints"],
    queryFn: async ({ signal }) => (await api.get<{ items: WebhookEndpointView[] }>(ENDPOINTS, signal)).items,
    refetchInterval: REFRESH_MS,
  });
}
