import type { InboxItem, TaskSummary } from "@mission-control/protocol";
import { type ReactNode, useCallback, useState } from "react";
import { useMission } from "../app/use-mission.ts";
import { ActionDialog, type AskedAction } from "../tasks/action-dialog.tsx";
import { ForceEndDialog } from "../tasks/force-end-dialog.tsx";
import { useTaskActions } from "../tasks/use-task-actions.ts";
import { visibleText } from "../text/visible.ts";
import type { InboxAct } from "./inbox-acts.ts";
import { inboxOf } from "./inbox-feed.ts";

/** Carries out what somebody does with an item. `dialog` is to be drawn: some of it asks for more first. */
export function useInboxActions(): { act(item: InboxItem, act: InboxAct): void; dialog: ReactNode } {
  const mission = useMission();
  const actions = useTaskActions();
  const [asked, setAsked] = useState<AskedAction | null>(null);
  const [ending, setEnding] = useState<TaskSummary | null>(null);
  const act = useCallback(
    (item: InboxItem, { kind, ...rest }: InboxAct) => {
      const { task, request } = item;
      if (kind === "forceEnd") setEnding(task);
      else if (kind === "snooze") inboxOf(mission).snooze(item);
      else if (kind === "approve") void actions.approve(task.id);
      else if (kind !== "answer") setAsked({ task, action: kind });
      else if (request && "option" in rest) void actions.answer(task.id, request.id, rest.option.optionId);
    },
    [mission, actions],
  );
  const dialog = asked ? (
    <ActionDialog asked={asked} actions={actions} onClose={() => setAsked(null)} />
  ) : ending ? (
    <ForceEndDialog
      title={visibleText(ending.title)}
      onClose={() => setEnding(null)}
      onEnd={() => void actions.forceEnd(ending.id)}
    />
  ) : null;
  return { act, dialog };
}
