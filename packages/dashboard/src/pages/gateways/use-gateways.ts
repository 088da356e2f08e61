import type { GatewayView } from "@mission-control/protocol";
import { useQuery } from "@tanstack/react-query";
import { useMission } from "../../app/use-mission.ts";

/** All gateways and how this server is connected to them. Refreshed by `gateway` events. */
export function useGateways() {
  const { api } = useMission();
  return useQuery({
    queryKey: ["gateways"],
    queryFn: async ({ signal }) => (await api.get<{ items: GatewayView[] }>("/api/gateways", signal)).items,
  });
}
