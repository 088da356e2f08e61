import type { PermissionOption } from "@mission-control/agent";

/**
 * Who answers when an agent asks whether it may do something:
 * - `ask`: reading is allowed, everything else is asked of the operator;
 * - `read-only`: reading is allowed, everything else is not;
 * - `allow` and `deny`: everything is, or is not.
 */
export const PERMISSION_POLICIES = ["ask", "read-only", "allow", "deny"] as const;
export type PermissionPolicy = (typeof PERMISSION_POLICIES)[number];

/**
 * Kinds of tools that change nothing and send nothing away, as the agent itself calls them. `think` is none of them:
 * agents ask their questions to the user under it.
 */
const READING = new Set(["read", "search"]);

export type Decision = { optionId: string } | "ask" | "none";

/**
 * Decides about one request.
 * @param kind the tool's kind by the Agent Client Protocol
 * @returns the option to take; `ask` for the operator's answer; `none` when no option says what the policy says
 */
export function decide(
  policy: PermissionPolicy,
  kind: string | undefined,
  options: readonly PermissionOption[],
): Decision {
  const reads = kind !== undefined && READING.has(kind);
  if (policy === "ask" && !reads) return "ask";
  const allowed = policy === "allow" || (policy !== "deny" && reads);
  // Once rather than always: what a policy decides is for this request, not a setting to be kept by the agent.
  const wanted = allowed ? ["allow_once", "allow_always"] : ["reject_once", "reject_always"];
  for (const kind of wanted) {
    const option = options.find((candidate) => candidate.kind === kind);
    if (option) return { optionId: option.optionId };
  }
  return "none";
}
