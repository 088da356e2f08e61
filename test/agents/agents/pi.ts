import { base, bin, type CodingAgent, writeSettings } from "./coding-agent.ts";

export const pi: CodingAgent = {
  name: "Pi",
  packages: ["pi-acp", "@earendil-works/pi-coding-agent"],
  acp: bin("pi-acp"),
  neverAsks: true,
  tellsNoErrors: true,
  tellsNoTokens: true,
  prepare(home, model) {
    writeSettings(home, ".pi/agent/models.json", {
      providers: {
        stub: {
          baseUrl: `${model}/v1`,
          api: "openai-completions",
          apiKey: "stub",
          models: [
            {
              id: "stub",
              name: "stub",
              reasoning: false,
              input: ["text", "image"],
              cost: { input: 1, output: 1, cacheRead: 0, cacheWrite: 0 },
              contextWindow: 100_000,
              maxTokens: 4000,
            },
          ],
        },
      },
    });
    writeSettings(home, ".pi/agent/settings.json", { defaultProvider: "stub", defaultModel: "stub" });
    return { ...base(home), PI_OFFLINE: "1", PI_SKIP_VERSION_CHECK: "1" };
  },
};
