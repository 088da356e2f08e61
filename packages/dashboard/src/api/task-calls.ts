import type { FormValues } from "@mission-control/protocol";
import type { ApiCall } from "./client.ts";

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
  say: (id: string, text: string, mode: string, key: string): ApiCall => ({
    method: "POST",
    path: `${task(id)}/messages`,
    headers: { "idempotency-key": key },
    body: { text, mode },
  }),
} satisfies Record<string, (...args: never[]) => ApiCall>;
