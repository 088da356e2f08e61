import { base, bin, type CodingAgent, writeSettings } from "./coding-agent.ts";

export const gemini: CodingAgent = {
  name: "Gemini CLI",
  tellsNoOutput: true,
  packages: ["@google/gemini-cli"],
  acp: `${bin("gemini")} --acp`,
  freeMode: "yolo",
  // Seen in 0.61: `session/load` empties the file of the session before it reads it.
  losesSessions: true,
  insistsOnWords: true,
  slow: true,
  prepare(home, model) {
    writeSettings(home, ".gemini/settings.json", {
      security: { auth: { selectedType: "gemini-api-key" } },
      // Otherwise a model is asked which model shall answer.
      model: { name: "gemini-2.5-flash" },
      general: { enableAutoUpdate: false, enableAutoUpdateNotification: false },
      privacy: { usageStatisticsEnabled: false },
      telemetry: { enabled: false },
    });
    return {
      ...base(home),
      GEMINI_API_KEY: "stub",
      GOOGLE_GEMINI_BASE_URL: model,
      GEMINI_CLI_TRUST_WORKSPACE: "true",
    };
  },
};
