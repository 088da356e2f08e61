import type { AgentView, TaskSummary } from "@mission-control/protocol";
import { useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect, useRef } from "react";
import { taskCalls } from "../../api/task-calls.ts";
import { useMission } from "../../app/use-mission.ts";
import { useTaskActions } from "../../tasks/use-task-actions.ts";
import { addAgentText } from "../../text/agents-text.ts";

/**
 * Makes a small task for an agent, dispatches it and goes to it. Resolves to why that was refused, or to null; whoever
 * closes meanwhile what asked for it is not taken to it.
 */
export function useTestTask(): (agent: Pick<AgentView, "id" | "name">) => Promise<string | null> {
  const { api } = useMission();
  const actions = useTaskActions();
  const navigate = useNavigate();
  const open = useRef(false);
  useEffect(() => {
    open.current = true;
    return () => {
      open.current = false;
    };
  }, []);
  return useCallback(
    async ({ id, name }) => {
      try {
        const title = addAgentText.testTitle(name);
        const task = await api.call<TaskSummary>(
          taskCalls.create({ title, description: addAgentText.testDescription }),
        );
        void actions.dispatch(task.id, id);
        if (open.current) await navigate({ to: "/tasks/$taskId", params: { taskId: task.id } });
        return null;
      } catch (error) {
        return (error as Error).message;
      }
    },
    [api, actions, navigate],
  );
}
