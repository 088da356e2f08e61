import { useEffect } from "react";
import { useLive, useMission } from "../app/use-mission.ts";

/** A task's title as far as it is known; an unknown one is asked for. */
export function useTaskTitle(taskId: string | undefined): string | undefined {
  const mission = useMission();
  const title = useLive(({ tasks }) => (taskId ? tasks.get(taskId)?.title : undefined));
  const known = useLive(({ tasks }) => !taskId || tasks.get(taskId) !== undefined || tasks.isDeleted(taskId));
  useEffect(() => {
    if (!known && taskId) mission.loader.load(taskId);
  }, [mission, known, taskId]);
  return title;
}
