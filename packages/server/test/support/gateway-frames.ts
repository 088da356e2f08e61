import * as protocol from "@openclaw/gateway-protocol";

/** The official rules of the parameters of each method this client calls (OpenClaw's own package). */
const VALIDATORS = {
  agent: protocol.validateAgentParams,
  "agent.wait": protocol.validateAgentWaitParams,
  "agents.list": protocol.validateAgentsListParams,
  "chat.abort": protocol.validateChatAbortParams,
  "chat.history": protocol.validateChatHistoryParams,
  "approval.resolve": protocol.validateApprovalResolveParams,
  // It takes no parameters, and the package has no validator of its own for that.
  "exec.approval.list": protocol.validateExecApprovalsGetParams,
  "question.get": protocol.validateQuestionGetParams,
  "question.list": protocol.validateQuestionListParams,
  "question.resolve": protocol.validateQuestionResolveParams,
  connect: protocol.validateConnectParams,
  "tasks.list": protocol.validateTasksListParams,
};

// A validator is compiled at its first use, which takes longer than some tests wait for an answer.
for (const validate of [protocol.validateRequestFrame, ...Object.values(VALIDATORS)]) validate({});

/** Why a real gateway would not take a frame of a client; null where it would. */
export function whyRefused(frame: unknown): string | null {
  if (!protocol.validateRequestFrame(frame)) {
    return `a frame: ${protocol.formatValidationErrors(protocol.validateRequestFrame.errors)}`;
  }
  const { method, params } = frame;
  const validate = VALIDATORS[method as keyof typeof VALIDATORS];
  if (!validate) return `"${method}" has no validator in this list`;
  return validate(params) ? null : `${method}: ${protocol.formatValidationErrors(validate.errors)}`;
}
