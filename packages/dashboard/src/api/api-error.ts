import type { Problem } from "@mission-control/protocol";

/** A request that was refused or could not be made. `status` is 0 when no answer came. */
export class ApiError extends Error {
  override name = "ApiError";
  readonly code = "api_error";
  readonly status: number;
  readonly problem: Problem | null;
  readonly requestId: string | null;

  constructor(message: string, status: number, problem: Problem | null, requestId: string | null) {
    super(message);
    this.status = status;
    this.problem = problem;
    this.requestId = requestId;
  }
}

/** No answer came; the server said "later"; or a proxy did not find it, as while it is started again. */
const TEMPORARY: ReadonlySet<number> = new Set([0, 429, 502, 503, 504]);

/** Whether reading the same again may help. */
export function isTemporary(error: unknown): boolean {
  return error instanceof ApiError && TEMPORARY.has(error.status);
}
