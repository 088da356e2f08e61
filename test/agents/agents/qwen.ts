import { base, bin, type CodingAgent, writeSettings } from "./coding-agent.ts";

export const qwen: CodingAgent = {
  name: "Qwen Code",
  packages: ["@qwen-code/qwen-code"],
  acp: `${bin("qwen")} --acp`,
  // In `auto`, where it starts, it asks a model of its own.
  freeMode: "yolo",
  insistsOnWords: true,
  slow: true,
  prepare(home, model) {
    writeSettings(home, ".qwen/settings.json", {
      security: { auth: { selectedType: "openai" } },
      model: { name: "stub", generationConfig: { modalities: { image: true } } },
      general: { disableAutoUpdate: true },
      privacy: { usageStatisticsEnabled: false },
      telemetry: { enabled: false },
    });
    return { ...base(home), OPENAI_API_KEY: "stub", OPENAI_BASE_URL: `${model}/v1`, OPENAI_MODEL: "stub" };
  },
};
