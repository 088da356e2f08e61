import type { PermissionRequest, TaskView } from "@mission-control/protocol";
import { Link } from "@tanstack/react-router";
import { basePath } from "../../api/base-path.ts";
import type { ApiCall } from "../../api/client.ts";
import { asCurl } from "../../api/curl.ts";
import { taskCalls } from "../../api/task-calls.ts";
import { allowedActions, type TaskAction } from "../../tasks/actions.ts";
import { text } from "../../text/text.ts";
import { CopyButton } from "../../ui/copy-button.tsx";
import styles from "./task.module.css";

interface ApiCallsProps {
  task: TaskView;
  waitingFor: PermissionRequest | undefined;
}

/** The call behind each action, as a command for a shell. */
export function ApiCalls({ task, waitingFor }: ApiCallsProps) {
  const calls: [string, ApiCall][] = [
    [text.task.read, { method: "GET", path: `/api/tasks/${encodeURIComponent(task.id)}` }],
    ...allowedActions(task.status).map((action): [string, ApiCall] => [
      text.action[action],
      callOf(task, action),
    ]),
    ...(waitingFor?.options ?? []).map(({ optionId, name }): [string, ApiCall] => [
      text.task.answer(name),
      taskCalls.answer(task.id, waitingFor?.id ?? "", optionId),
    ]),
  ];
  return (
    <details className={styles.details}>
      <summary>{text.task.api}</summary>
      <p className={styles.quiet}>
        {text.task.sent}{" "}
        <Link to="/webhooks" search={{ task: task.id }} className={styles.deliveries}>
          {text.task.sentAll}
        </Link>
        {task.attempts.map(({ id, attempt }) => (
          <span key={id}>
            {" · "}
            <Link to="/webhooks" search={{ attempt: id }} className={styles.deliveries}>
              {text.task.sentOf(attempt)}
            </Link>
          </span>
        ))}
      </p>
      <p className={styles.quiet}>{text.task.apiHint}</p>
      <ul className={styles.calls}>
        {calls.map(([name, call]) => (
          <li key={name}>
            <span>{name}</span>
            <code>
              {call.method} {call.path}
            </code>
            <CopyButton value={asCurl(call, location.origin + basePath())} label={text.task.copyCurl(name)} />
          </li>
        ))}
      </ul>
    </details>
  );
}

function callOf(task: TaskView, action: TaskAction): ApiCall {
  switch (action) {
    case "dispatch":
      return taskCalls.dispatch(task.id, task.agentId ?? "AGENT_ID");
    case "reject":
      return taskCalls.reject(task.id, text.task.exampleFeedback);
    case "edit":
      return taskCalls.edit(task.id, { title: task.title, priority: task.priority });
    default:
      return taskCalls[action](task.id);
  }
}
