import type { DispatchPayload } from "@mission-control/protocol";
import type { PermissionAnswer } from "../gateway.ts";

/** What the agent is asked to do: the user message of its turn. Holds no secret: gateways keep it for ever. */
export function turnMessage({ task, attempt }: DispatchPayload): string {
  const parts = [`# ${task.title}`];
  if (task.description) parts.push(task.description);
  if (task.feedback) parts.push(`## Feedback on the last attempt\n\n${task.feedback}`);
  if (Object.keys(task.context).length > 0) {
    parts.push(`## Context\n\n\`\`\`json\n${JSON.stringify(task.context, null, 2)}\n\`\`\``);
  }
  const facts = [`Priority: ${task.priority}`];
  if (task.tags.length > 0) facts.push(`Tags: ${task.tags.join(", ")}`);
  if (attempt > 1) facts.push(`Attempt: ${attempt}`);
  parts.push(facts.join(" · "));
  return parts.join("\n\n");
}

/** The operator's answer to a permission request: the user message of a turn of its own. */
export function answerMessage({ requestId, optionId, values }: PermissionAnswer): string {
  const said = [
    `The operator answered the permission request ${requestId}${optionId === undefined ? "." : `: ${optionId}`}`,
  ];
  if (values) said.push(`\`\`\`json\n${JSON.stringify(values, null, 2)}\n\`\`\``);
  return [...said, "Go on with the task accordingly."].join("\n\n");
}

/**
 * How the agent reports, for the system prompt of this turn alone: the one place the dispatch's secret is
 * written to.
 */
export function reportingInstructions({ task, agent, callback }: DispatchPayload): string {
  const environment = [
    `MISSION_CONTROL_CALLBACK_URL=${quote(callback.url)}`,
    `MISSION_CONTROL_CALLBACK_SECRET=${quote(callback.secret)}`,
    `MISSION_CONTROL_TASK_ID=${quote(task.id)}`,
    `MISSION_CONTROL_AGENT_ID=${quote(agent.id)}`,
  ].join(" ");
  return `# Reporting to Mission Control

This turn is a task of Mission Control, whose operator watches it live.

Where you have the tools \`mission_control_progress\`, \`mission_control_complete\`, \`mission_control_fail\` and \`mission_control_ask\`, report with them and skip the commands below. Otherwise report with shell commands, prefixed with these variables:

${environment} \\
  mission-control report progress "what you are doing now" --progress 0.4

- Report progress at each real step, not more often than every few seconds.
- When the task is done, report once: \`mission-control report complete "summary of the result"\`
- When you cannot do it, report once: \`mission-control report error "why" --last-state "how far you came"\`

- When the operator has to decide something first, ask by a request of \`type\` "permission" (below), and then end your turn: the answer comes as your next message.

The task is open until you reported complete or error. Never write the secret anywhere else.

Where the command \`mission-control\` is missing, post the same with curl. Set the variables first (without \`export\`, in the same command), then:

BODY='{"taskId":"${task.id}","agentId":"${agent.id}","type":"progress","message":"what you are doing now"}'
ID="msg_$(openssl rand -hex 12)"; TS="$(date +%s)"
KEY="$(printf %s "\${MISSION_CONTROL_CALLBACK_SECRET#whsec_}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \\n')"
SIG="$(printf '%s.%s.%s' "$ID" "$TS" "$BODY" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$KEY" -binary | openssl base64 -A)"
curl -sS "$MISSION_CONTROL_CALLBACK_URL" -H 'content-type: application/json' \\
  -H "webhook-id: $ID" -H "webhook-timestamp: $TS" -H "webhook-signature: v1,$SIG" -d "$BODY"

\`type\` is "progress" (\`message\`, \`progress\` from 0 to 1), "complete" (\`summary\`), "error" (\`error\`, \`lastState\`) or "permission" (\`request\`: \`{"id":"a name of yours","title":"what you want to do","options":[{"optionId":"allow","name":"Allow"},{"optionId":"deny","name":"Deny"}]}\`; to ask for more than a choice, \`"fields":[{"name":"branch","label":"Which branch?","type":"text"}]\` in place of the options or beside them, \`type\` being "text", "boolean", or "choice" or "multi" with \`"options":["a","b"]\`). An answer 429 or 5xx means: send the same request again in a moment.`;
}

/** Quotes a value for a POSIX shell. */
function quote(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`;
}
