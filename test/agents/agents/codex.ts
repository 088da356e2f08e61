import { base, bin, type CodingAgent, type CodingCommand, platform, writeSettings } from "./coding-agent.ts";

export const codex: CodingAgent = {
  name: "Codex",
  packages: ["@agentclientprotocol/codex-acp", "@openai/codex", `@openai/codex-${platform}`],
  freeMode: "agent-full-access",
  steers: true,
  acp: bin("codex-acp"),
  prepare(home, model) {
    writeSettings(
      home,
      ".codex/config.toml",
      `model = "stub"
model_provider = "stub"
[model_providers.stub]
name = "stub"
base_url = "${model}/v1"
env_key = "STUB_KEY"
wire_api = "responses"
`,
    );
    return { ...base(home), STUB_KEY: "stub" };
  },
};

/** As the ACP adapter brings it along. */
export const codexCommand: CodingCommand = {
  ...codex,
  name: "codex exec",
  packages: ["@openai/codex", `@openai/codex-${platform}`],
  exec: `${bin("codex")} exec --json --skip-git-repo-check --dangerously-bypass-approvals-and-sandbox {prompt}`,
};
