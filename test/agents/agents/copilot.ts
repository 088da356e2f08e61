import { base, bin, type CodingAgent, platform } from "./coding-agent.ts";

/** With a model of one's own ("bring your own key"): no log-in at GitHub is needed. */
export const copilot: CodingAgent = {
  name: "Copilot CLI",
  packages: ["@github/copilot", `@github/copilot-${platform}`],
  acp: `${bin("copilot")} --acp`,
  prepare: (home, model) => ({
    ...base(home),
    COPILOT_PROVIDER_BASE_URL: `${model}/v1`,
    COPILOT_PROVIDER_TYPE: "openai",
    COPILOT_PROVIDER_API_KEY: "stub",
    COPILOT_MODEL: "gpt-5",
    COPILOT_OFFLINE: "true",
    COPILOT_AUTO_UPDATE: "false",
  }),
};
