import { acceptsConnections } from "./accepts-connections.ts";
import { findProgram } from "./find-program.ts";

/** A coding agent, or a gateway to agents, found on this machine. */
export interface DetectedAgent {
  name: string;
  /** Where it was found: a path or an address. */
  found: string;
  /** The one command that connects it. */
  command: string;
}

/** Programs to look for; of those for one agent, the first found counts. */
const PROGRAMS: { name: string; program: string; command: string }[] = [
  { name: "Claude Code", program: "claude-agent-acp", command: "--acp claude-agent-acp" },
  {
    name: "Claude Code",
    program: "claude",
    command: '--exec "claude -p {prompt} --output-format stream-json --verbose"',
  },
  { name: "Codex", program: "codex-acp", command: "--acp codex-acp" },
  { name: "Codex", program: "codex", command: '--exec "codex exec --json --skip-git-repo-check {prompt}"' },
  { name: "opencode", program: "opencode", command: '--acp "opencode acp"' },
  { name: "Copilot CLI", program: "copilot", command: '--acp "copilot --acp"' },
  { name: "Gemini CLI", program: "gemini", command: '--acp "gemini --acp"' },
  { name: "Qwen Code", program: "qwen", command: '--acp "qwen --acp"' },
  // It asks for nothing, so no other policy is taken.
  { name: "Pi", program: "pi-acp", command: "--acp pi-acp --permissions allow" },
];

const DEFAULT_GATEWAY = "ws://127.0.0.1:18789";

/** Looks for coding agents on the PATH, and for an OpenClaw Gateway where one usually listens. */
export async function detectAgents(env: NodeJS.ProcessEnv = process.env): Promise<DetectedAgent[]> {
  const found: DetectedAgent[] = [];
  for (const { name, program, command } of PROGRAMS) {
    if (found.some((agent) => agent.name === name)) continue;
    const path = findProgram(program, env.PATH ?? "");
    if (path) found.push({ name, found: path, command: `mission-control agent ${command}` });
  }
  const gateway = env.OPENCLAW_GATEWAY_URL || DEFAULT_GATEWAY;
  if (await accepts(gateway)) {
    const token = env.OPENCLAW_GATEWAY_TOKEN ? "" : " OPENCLAW_GATEWAY_TOKEN=…";
    const command = `OPENCLAW_GATEWAY_URL=${gateway}${token} mission-control start`;
    found.push({ name: "OpenClaw Gateway", found: gateway, command });
  }
  return found;
}

/** What `mission-control agents detect` prints. */
export function formatDetected(agents: readonly DetectedAgent[]): string {
  if (agents.length === 0) {
    return 'No agent was found on the PATH, and no OpenClaw Gateway answers.\nAny program works: mission-control agent --exec "COMMAND {prompt}"';
  }
  return agents.map(({ name, found, command }) => `${name} (${found})\n  ${command}`).join("\n");
}

async function accepts(url: string): Promise<boolean> {
  if (!URL.canParse(url)) return false;
  const { hostname, port, protocol } = new URL(url);
  return acceptsConnections(
    hostname.replace(/^\[|\]$/g, ""),
    Number(port) || (protocol === "wss:" ? 443 : 80),
  );
}
