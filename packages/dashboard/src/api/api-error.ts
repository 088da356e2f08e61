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

/** Whether trying the same again may help: no answer came, or the server said "later". */
export function isTemporary(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 0 || error.status === 429 || error.status === 503);
}
