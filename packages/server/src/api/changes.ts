import { createHash } from "node:crypto";
import { z } from "zod";
import type { ChangeResult } from "../store/operations.ts";
import type { IdempotencyKey } from "../store/receipt.ts";
import type { Task } from "../tasks/task.ts";
import { notFound, ProblemError } from "./problems.ts";

/** Headers of a call that can be repeated safely. */
export const idempotencyHeaders = z.object({
  "idempotency-key": z
    .string()
    .min(1)
    .max(255)
    .regex(/^[\x21-\x7e]+$/, "must be printable ASCII without spaces")
    .optional(),
});

const STATUS_OF_REFUSAL = {
  not_found: 404,
  conflict: 409,
  invalid: 400,
  limited: 429,
  mismatch: 422,
  stale: 409,
} as const;

/**
 * The key that a call's `Idempotency-Key` makes, for the store's options.
 * @param within what the header's keys are unique in
 */
export function keyOf(
  within: string,
  { "idempotency-key": key }: z.infer<typeof idempotencyHeaders>,
  body: unknown,
): { key?: IdempotencyKey } {
  if (key === undefined) return {};
  const fingerprint = createHash("sha256").update(JSON.stringify(body)).digest("base64url");
  return { key: { scope: `idempotency:${within}`, key, fingerprint } };
}

/** @throws ProblemError when the change was refused */
export function refuse({ refusal }: ChangeResult): void {
  if (!refusal) return;
  const errors = "errors" in refusal ? refusal.errors : undefined;
  throw new ProblemError(STATUS_OF_REFUSAL[refusal.code], refusal.detail, errors ? { errors } : {});
}

/** The task after a change. @throws ProblemError when the change was refused, or there is no such task */
export function taskOf(result: ChangeResult): Task {
  refuse(result);
  if (!result.task) throw notFound("task");
  return result.task;
}
