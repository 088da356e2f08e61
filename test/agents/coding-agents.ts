import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const modules = fileURLToPath(new URL("node_modules/", import.meta.url));
const bin = (name: string) => join(modules, ".bin", name);
const pins: Record<string, string> = (
  JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8")) as {
    optionalDependencies: Record<string, string>;
  }
).optionalDependencies;

const platform = `${process.platform}-${process.arch}`;

/** A program that is installed for these tests, set up to talk to a stub model and to nobody else. */
interface RealProgram {
  name: string;
  /** The packages it runs from; the first is the one that package.json pins. */
  packages: string[];
  /** Writes its settings into a home of its own; returns the environment to run it in. */
  prepare(home: string, model: string): Record<string, string>;
}

/** A real coding agent that speaks the Agent Client Protocol. */
export interface CodingAgent extends RealProgram {
  /** Its command line. */
  acp: string;
  /** A mode of its own to run in when it shall not ask. */
  freeMode?: string;
  /** It offers to load sessions, but cannot: the runner then begins a new one. */
  losesSessions?: boolean;
}

/** The same agent's own command line, which prints JSON. */
export interface CodingCommand extends RealProgram {
  exec: string;
}

/** Why a program cannot be tested here, in one sentence; `undefined` when it can. */
export function missing({ name, packages: [main = "", ...rest] }: RealProgram): string | undefined {
  const wanted = pins[main];
  if (versionOf(main) === wanted && rest.every(versionOf)) return undefined;
  const lacking = versionOf(main) === wanted ? rest.find((name) => !versionOf(name)) : `${main}@${wanted}`;
  return `${name} is not tested: ${lacking} could not be installed.`;
}

function versionOf(name: string): string | undefined {
  const manifest = join(modules, name, "package.json");
  if (!existsSync(manifest)) return undefined;
  return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
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
  packages: ["@zed-industries/claude-agent-acp", "@anthropic-ai/claude-agent-sdk"],
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
  exec: `"${process.execPath}" "${join(modules, "@anthropic-ai/claude-agent-sdk/cli.js")}" -p {prompt} --output-format stream-json --verbose --allowedTools Bash`,
};

export const codex: CodingAgent = {
  name: "Codex",
  packages: ["@zed-industries/codex-acp", `@zed-industries/codex-acp-${platform}`],
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

export const codexCommand: CodingCommand = {
  ...codex,
  name: "codex exec",
  packages: ["@openai/codex", `@openai/codex-${platform}`],
  exec: `${bin("codex")} exec --json --skip-git-repo-check --dangerously-bypass-approvals-and-sandbox {prompt}`,
};

export const opencode: CodingAgent = {
  name: "opencode",
  packages: ["opencode-ai", `opencode-${platform}`],
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

export const gemini: CodingAgent = {
  name: "Gemini CLI",
  packages: ["@google/gemini-cli"],
  acp: `${bin("gemini")} --acp`,
  freeMode: "yolo",
  // Seen in 0.61: `session/load` empties the file of the session before it reads it.
  losesSessions: true,
  prepare(home, model) {
    const settings = {
      security: { auth: { selectedType: "gemini-api-key" } },
      // Otherwise a model is asked which model shall answer.
      model: { name: "gemini-2.5-flash" },
      general: { enableAutoUpdate: false, enableAutoUpdateNotification: false },
      privacy: { usageStatisticsEnabled: false },
      telemetry: { enabled: false },
    };
    write(join(home, ".gemini/settings.json"), JSON.stringify(settings, null, 2));
    return {
      ...base(home),
      GEMINI_API_KEY: "stub",
      GOOGLE_GEMINI_BASE_URL: model,
      GEMINI_CLI_TRUST_WORKSPACE: "true",
    };
  },
};

export const agents: CodingAgent[] = [claude, codex, opencode, gemini];
export const commands: CodingCommand[] = [claudeCommand, codexCommand];

function write(path: string, text: string): void {
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
}
