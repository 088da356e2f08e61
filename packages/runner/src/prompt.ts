import { type Dispatch, plainText } from "@mission-control/agent";

/** The task as a prompt for an agent that knows nothing of it. */
export function taskPrompt({ task }: Dispatch): string {
  const parts = [task.title];
  if (task.description) parts.push(task.description);
  if (task.context && Object.keys(task.context).length > 0) {
    parts.push(`Context:\n${JSON.stringify(task.context, null, 2)}`);
  }
  if (task.feedback) parts.push(`An earlier result was rejected with this feedback:\n${task.feedback}`);
  return plainText(parts.join("\n\n"));
}

/** What to say to an agent that still knows the task, after its result was rejected. */
export function feedbackPrompt(feedback: string): string {
  return `The result was rejected with this feedback. Please work on it and finish the task.\n\n${plainText(feedback)}`;
}
