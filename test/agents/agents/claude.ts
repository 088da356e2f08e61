import { join } from "node:path";
import { base, bin, type CodingAgent, type CodingCommand, modules, platform } from "./coding-agent.ts";

const program = `@anthropic-ai/claude-agent-sdk-${platform}`;

export const claude: CodingAgent = {
  name: "Claude Code",
  packages: ["@agentclientprotocol/claude-agent-acp", program],
  // In `auto`, where it starts, it asks a model of its own.
  freeMode: "default",
  steers: true,
  inquires: true,
  acp: bin("claude-agent-acp"),
  prepare: (home, model) => ({
    ...base(home),
    ANTHROPIC_BASE_URL: model,
    ANTHROPIC_API_KEY: "stub",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    DISABLE_TELEMETRY: "1",
    DISABLE_AUTOUPDATER: "1",
  }),
};

/** As the ACP adapter brings it along. */
export const claudeCommand: CodingCommand = {
  ...claude,
  name: "claude -p",
  packages: [program],
  exec: `"${join(modules, program, "claude")}" -p {prompt} --output-format stream-json --verbose --allowedTools Bash`,
};

/** The same, spoken to while it works. */
export const claudeConversation: CodingCommand = {
  ...claudeCommand,
  name: "claude -p, stream-json",
  exec: `"${join(modules, program, "claude")}" -p --input-format stream-json --output-format stream-json --verbose --allowedTools Bash`,
  listens: true,
};
