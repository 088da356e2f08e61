import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const modules = fileURLToPath(new URL("node_modules/", import.meta.url));
const bin = (name: string) => join(modules, ".bin", name);

/** A real coding agent, set up to talk to a stub model and to nobody else. */
export interface CodingAgent {
  name: string;
  /** Its command line. */
  acp: string;
  /** A mode of its own to run in when it shall not ask. */
  freeMode?: string;
  /** Writes its settings into a home of its own; returns the environment to run it in. */
  prepare(home: string, model: string): Record<string, string>;
}

const base = (home: string) => ({
  HOME: home,
  PATH: `${join(process.execPath, "..")}:/usr/local/bin:/usr/bin:/bin`,
  XDG_CONFIG_HOME: join(home, ".config"),
  XDG_DATA_HOME: join(home, ".local/share"),
  XDG_CACHE_HOME: join(home, ".cache"),
});

export const claude: CodingAgent = {
  name: "Claude Code",
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

/** Claude Code's own command line, as the ACP adapter brings it along. */
export const claudeCli = join(modules, "@anthropic-ai/claude-agent-sdk/cli.js");

export const codex: CodingAgent = {
  name: "Codex",
  freeMode: "full-access",
  acp: bin("codex-acp"),
  prepare(home, model) {
    write(
      join(home, ".codex/config.toml"),
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

export const opencode: CodingAgent = {
  name: "opencode",
  acp: `${bin("opencode")} acp`,
  prepare(home, model) {
    const provider = {
      npm: "@ai-sdk/openai-compatible",
      name: "stub",
      options: { baseURL: `${model}/v1`, apiKey: "stub" },
      models: { stub: { name: "stub", tool_call: true, limit: { context: 100_000, output: 4000 } } },
    };
    const settings = {
      autoupdate: false,
      share: "disabled",
      model: "stub/stub",
      small_model: "stub/stub",
      provider: { stub: provider },
      permission: { bash: { "*": "allow", "touch *": "ask" } },
    };
    write(join(home, ".config/opencode/opencode.json"), JSON.stringify(settings, null, 2));
    return {
      ...base(home),
      OPENCODE_DISABLE_MODELS_FETCH: "1",
      OPENCODE_DISABLE_AUTOUPDATE: "1",
      OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
      OPENCODE_DISABLE_DEFAULT_PLUGINS: "1",
    };
  },
};

function write(path: string, text: string): void {
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
}
