import { base, bin, type CodingAgent, platform, writeSettings } from "./coding-agent.ts";

export const opencode: CodingAgent = {
  name: "opencode",
  packages: ["opencode-ai", `opencode-${platform}`],
  acp: `${bin("opencode")} acp`,
  prepare(home, model) {
    const limit = { context: 100_000, output: 4000 };
    const modalities = { input: ["text", "image"], output: ["text"] };
    const cost = { input: 1000, output: 1000 };
    writeSettings(home, ".config/opencode/opencode.json", {
      autoupdate: false,
      share: "disabled",
      model: "stub/stub",
      small_model: "stub/stub",
      provider: {
        stub: {
          npm: "@ai-sdk/openai-compatible",
          name: "stub",
          options: { baseURL: `${model}/v1`, apiKey: "stub" },
          models: { stub: { name: "stub", tool_call: true, attachment: true, modalities, limit, cost } },
        },
      },
    });
    return {
      ...base(home),
      OPENCODE_DISABLE_MODELS_FETCH: "1",
      OPENCODE_DISABLE_AUTOUPDATE: "1",
      OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
      OPENCODE_DISABLE_DEFAULT_PLUGINS: "1",
    };
  },
};
