import type { TaskView } from "@mission-control/protocol";
import { useQuery } from "@tanstack/react-query";
import { useMission } from "../app/use-mission.ts";

/** A task with all its attempts, from the server. */
export function useTask(id: string, enabled = true) {
  const { api } = useMission();
  return useQuery({
    queryKey: ["task", id],
    queryFn: ({ signal }) => api.get<TaskView>(`/api/tasks/${encodeURIComponent(id)}`, signal),
    enabled,
  });
}
