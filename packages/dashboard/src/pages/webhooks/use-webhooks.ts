import type {
  DeliveryDetail,
  DeliveryState,
  DeliveryView,
  WebhookEndpointView,
} from "@mission-control/protocol";
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
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

interface DeliveryPage {
  items: DeliveryView[];
  nextCursor: string | null;
}

/** Deliveries, newest first, page after page. */
export function useDeliveries(filter: {
  endpointId?: string | undefined;
  state?: DeliveryState | undefined;
}) {
  const { api } = useMission();
  return useInfiniteQuery({
    queryKey: ["webhooks", "deliveries", filter],
    queryFn: ({ signal, pageParam }) => {
      const query = new URLSearchParams({ limit: "50" });
      if (filter.endpointId) query.set("endpointId", filter.endpointId);
      if (filter.state) query.set("state", filter.state);
      if (pageParam) query.set("cursor", pageParam);
      return api.get<DeliveryPage>(`${DELIVERIES}?${query}`, signal);
    },
    initialPageParam: "",
    getNextPageParam: ({ nextCursor }) => nextCursor,
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MS,
  });
}

/** One delivery with what is sent and what was answered. */
export function useDelivery(id: string) {
  const { api } = useMission();
  return useQuery({
    queryKey: ["webhooks", "delivery", id],
    queryFn: ({ signal }) => api.get<DeliveryDetail>(`${DELIVERIES}/${encodeURIComponent(id)}`, signal),
    refetchInterval: REFRESH_MS,
  });
}
