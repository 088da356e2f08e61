import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { boardText } from "../../text/board-text.ts";
import { text } from "../../text/text.ts";
import { IconButton } from "../../ui/button.tsx";
import { usePanelFocus } from "../../ui/use-panel-focus.ts";
import { TaskDetail } from "../task/task-page.tsx";
import styles from "./task-panel.module.css";

/** A task beside the board. */
export function TaskPanel({ taskId, onClose }: { taskId: string; onClose(): void }) {
  const panel = usePanelFocus(`[data-task="${CSS.escape(taskId)}"] a`);
  useEffect(() => {
    const onKey = ({ key, defaultPrevented }: KeyboardEvent) => {
      if (key !== "Escape" || defaultPrevented || document.querySelector("[role='dialog']")) return;
      onClose();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [onClose]);
  return (
    <aside ref={panel} tabIndex={-1} className={styles.panel} aria-label={boardText.panel}>
      <header className={styles.head}>
        <Link to="/tasks/$taskId" params={{ taskId }} className={styles.link}>
          {boardText.openPage}
        </Link>
        <IconButton icon="close" label={text.close} onClick={onClose} />
      </header>
      <TaskDetail taskId={taskId} />
    </aside>
  );
}
