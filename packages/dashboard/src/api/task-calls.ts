import type { FormValues, MessageMode } from "@mission-control/protocol";
import type { ApiCall } from "./client.ts";

/** A message to an agent, with its files in base64. */
interface Said {
  text: string;
  mode: MessageMode;
  attachments: readonly { name: string; mediaType: string; content: string }[];
}

const task = (id: string) => `/api/tasks/${encodeURIComponent(id)}`;

/** The calls behind the actions on a task: what the buttons send and what "copy as curl" shows. */
export const taskCalls = {
  create: (fields: object): ApiCall => ({ method: "POST", path: "/api/tasks", body: fields }),
  edit: (id: string, fields: object): ApiCall => ({ method: "PATCH", path: task(id), body: fields }),
  delete: (id: string): ApiCall => ({ method: "DELETE", path: task(id) }),
  dispatch: (id: string, agentId: string): ApiCall => ({
    method: "POST",
    path: `${task(id)}/dispatch`,
    body: { agentId },
  }),
  cancel: (id: string): ApiCall => ({ method: "POST", path: `${task(id)}/cancel` }),
  forceEnd: (id: string): ApiCall => ({ method: "POST", path: `${task(id)}/force-end` }),
  approve: (id: string): ApiCall => ({ method: "POST", path: `${task(id)}/approve` }),
  reject: (id: string, feedback: string): ApiCall => ({
    method: "POST",
    path: `${task(id)}/reject`,
    body: { feedback },
  }),
  answer: (id: string, requestId: string, optionId?: string, values?: FormValues): ApiCall => ({
    method: "POST",
    path: `${task(id)}/permissions/${encodeURIComponent(requestId)}`,
    body: { optionId, values },
  }),
  say: (id: string, { attachments, ...said }: Said, key: string): ApiCall => ({
    method: "POST",
    path: `${task(id)}/messages`,
    headers: { "idempotency-key": key },
    body:
      attachments.length > 0
        ? {
            ...said,
            attachments: attachments.map(({ name, mediaType, content }) => ({ name, mediaType, content })),
          }
        : said,
  }),
} satisfies Record<string, (...args: never[]) => ApiCall>;
