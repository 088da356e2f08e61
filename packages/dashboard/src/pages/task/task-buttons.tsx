import type { TaskView } from "@mission-control/protocol";
import { useState } from "react";
import { ACTION_ICON } from "../../tasks/action-icon.ts";
import { allowedActions, type TaskAction } from "../../tasks/actions.ts";
import { runText } from "../../text/run-text.ts";
import { text } from "../../text/text.ts";
import { Button } from "../../ui/button.tsx";
import { Menu } from "../../ui/menu.tsx";
import styles from "./task.module.css";

/** What a state asks for; everything else that can be done is behind the three dots. */
const FOREMOST: ReadonlySet<TaskAction> = new Set(["dispatch", "approve", "reject"]);

interface TaskButtonsProps {
  task: TaskView;
  disabled: boolean;
  onAct(action: TaskAction): void;
}

/** What can be done with a task: what is next as buttons, the rest in a menu. While it runs, to stop it is next. */
export function TaskButtons({ task, disabled, onAct }: TaskButtonsProps) {
  const [menu, setMenu] = useState(false);
  const allowed = allowedActions(task.status);
  const next = allowed.filter((action) => FOREMOST.has(action));
  const shown = next.length > 0 ? next : allowed.slice(0, 1);
  return (
    <div className={styles.actions}>
      {shown.map((action, index) => (
        <Button
          key={action}
          kind={action === "cancel" ? "danger" : index === 0 ? "primary" : "plain"}
          icon={ACTION_ICON[action]}
          disabled={disabled}
          onClick={() => onAct(action)}
        >
          {action === "dispatch" && task.attempts.length > 0
            ? text.action.dispatchAgain
            : text.action[action]}
        </Button>
      ))}
      <Menu
        label={runText.more}
        open={menu}
        onOpenChange={setMenu}
        tabStop
        entries={allowed
          .filter((action) => !shown.includes(action))
          .map((action) => ({
            label: text.action[action],
            icon: ACTION_ICON[action],
            danger: action === "delete" || action === "cancel",
            onSelect: () => onAct(action),
          }))}
      />
    </div>
  );
}
