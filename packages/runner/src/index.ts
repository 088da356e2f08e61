export { CommandLineError } from "./command-line.ts";
export { type DetectedAgent, detectAgents, formatDetected } from "./detect.ts";
export { EnvironmentError } from "./environment.ts";
export { RegistrationError } from "./mission-control.ts";
export { PERMISSION_POLICIES, type PermissionPolicy } from "./permission-policy.ts";
export { RunFailedError } from "./program.ts";
export {
  type AcpAgentOptions,
  type AgentOptions,
  type ExecAgentOptions,
  runAcpAgent,
  runExecAgent,
} from "./run-agent.ts";
export type { Runner, RunnerOptions } from "./runner.ts";
export { AlreadyRunningError } from "./state/state-file.ts";
export { WORKSPACE_KINDS, type WorkspaceKind } from "./workspace.ts";
