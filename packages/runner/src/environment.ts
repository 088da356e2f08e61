import { programNames } from "./command-line.ts";

/** What the operator asked for cannot be passed to agents. */
export class EnvironmentError extends Error {
  override name = "EnvironmentError";
  readonly code = "environment";
}

/** What programs of every kind need: where things are, how to speak, the way out to the network. No secrets. */
const COMMON = [
  ...[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "TMPDIR",
    "TMP",
    "TEMP",
    "XDG_*",
    "DISPLAY",
    "WAYLAND_DISPLAY",
  ],
  ...[
    "LANG",
    "LANGUAGE",
    "LC_*",
    "TZ",
    "TERM",
    "COLORTERM",
    "NO_COLOR",
    "FORCE_COLOR",
    "EDITOR",
    "VISUAL",
    "PAGER",
  ],
  ...[
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
  ],
  ...["SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "NODE_USE_SYSTEM_CA", "CURL_CA_BUNDLE"],
  ...[
    "REQUESTS_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "SSH_AUTH_SOCK",
    "GPG_TTY",
    "GNUPGHOME",
    "DBUS_SESSION_BUS_ADDRESS",
  ],
  ...[
    "GIT_AUTHOR_NAME",
    "GIT_AUTHOR_EMAIL",
    "GIT_COMMITTER_NAME",
    "GIT_COMMITTER_EMAIL",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
  ],
  ...[
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "EMAIL",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "PKG_CONFIG_PATH",
  ],
  ...["NVM_DIR", "NVM_BIN", "FNM_DIR", "VOLTA_HOME", "PNPM_HOME", "BUN_INSTALL", "DENO_DIR", "COREPACK_HOME"],
  ...["CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "GOPATH", "GOROOT", "GOBIN", "GOCACHE", "GOMODCACHE"],
  ...[
    "JAVA_HOME",
    "MAVEN_HOME",
    "GRADLE_USER_HOME",
    "ANDROID_HOME",
    "ANDROID_SDK_ROOT",
    "DEVELOPER_DIR",
    "SDKROOT",
  ],
  ...[
    "PYENV_ROOT",
    "PYTHONPATH",
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
    "CONDA_DEFAULT_ENV",
    "UV_CACHE_DIR",
    "PIPX_HOME",
  ],
  ...["RBENV_ROOT", "GEM_HOME", "ASDF_DIR", "ASDF_DATA_DIR", "MISE_DATA_DIR", "NIX_PATH", "NIX_PROFILES"],
  ...["NIX_SSL_CERT_FILE", "HOMEBREW_PREFIX", "HOMEBREW_CELLAR", "HOMEBREW_REPOSITORY", "DOCKER_HOST"],
  // Where `mission-control report` keeps what it could not deliver.
  "MISSION_CONTROL_DATA_DIR",
] as const;

/** What known agents are set up by, their own provider's keys included. */
const OF_AGENTS: readonly { program: RegExp; names: readonly string[] }[] = [
  {
    program: /^claude\b/,
    names: ["ANTHROPIC_*", "CLAUDE_*", "DISABLE_*", "MAX_THINKING_TOKENS", "BASH_*_TIMEOUT_MS"],
  },
  { program: /^codex\b/, names: ["OPENAI_*", "CODEX_*", "RUST_LOG"] },
  { program: /^opencode\b/, names: ["OPENCODE_*", "ANTHROPIC_*", "OPENAI_*"] },
  { program: /^gemini\b/, names: ["GEMINI_*", "GOOGLE_*"] },
  { program: /^qwen\b/, names: ["QWEN_*", "DASHSCOPE_*", "OPENAI_*"] },
  { program: /^copilot\b/, names: ["COPILOT_*", "GH_TOKEN", "GITHUB_TOKEN"] },
  { program: /^pi\b/, names: ["PI_*", "ANTHROPIC_*", "OPENAI_*"] },
];

/** Secrets of Mission Control, and of the gateways and stores it speaks to: no pattern passes these. */
const OWN = /^(MISSION_CONTROL_.*|OPENCLAW_.*|DATABASE_URL|NATS_URL)$/;

/**
 * The environment agents run in. An agent does what a task's text makes it do, so it gets what it needs to work and
 * nothing else: not Mission Control's settings, not its gateways' tokens, not what else the operator's shell holds.
 * @param env the runner's own environment
 * @param command the agent's command line: known agents get what they are set up by
 * @param more what to pass besides: `NAME`, a pattern such as `AWS_*`, or `NAME=VALUE`
 * @throws EnvironmentError
 */
export function agentEnvironment(
  env: NodeJS.ProcessEnv,
  command: readonly string[],
  more: readonly string[] = [],
): NodeJS.ProcessEnv {
  const given = more.map(parse);
  const patterns = [...COMMON, ...ownSettings(command), ...given.map(({ pattern }) => pattern)];
  const exact = new Set(patterns.filter((pattern) => !pattern.includes("*")));
  const families = patterns.filter((pattern) => pattern.includes("*")).map(toRegExp);
  const passed = Object.entries(env).filter(
    ([name]) => exact.has(name) || (!OWN.test(name) && families.some((family) => family.test(name))),
  );
  const set = given.flatMap(({ pattern, value }) => (value === undefined ? [] : [[pattern, value]]));
  return Object.fromEntries([...passed, ...set]);
}

/** Keys for models in the runner's environment that the agent does not get: what to look at when it has no access. */
export function withheldKeys(env: NodeJS.ProcessEnv, passed: NodeJS.ProcessEnv): string[] {
  return Object.keys(env).filter((name) => /_API_KEY$/.test(name) && !OWN.test(name) && !(name in passed));
}

function ownSettings(command: readonly string[]): readonly string[] {
  const programs = programNames(command);
  return OF_AGENTS.filter(({ program }) => programs.some((name) => program.test(name))).flatMap(
    ({ names }) => names,
  );
}

function parse(text: string): { pattern: string; value?: string } {
  const [, pattern = "", value] = /^([A-Za-z_*][A-Za-z0-9_*]*)(?:=(.*))?$/s.exec(text) ?? [];
  if (pattern === "" || (value !== undefined && pattern.includes("*"))) {
    throw new EnvironmentError(
      `"${text.split("=")[0]}" names no variable: give NAME, a pattern such as AWS_*, or NAME=VALUE.`,
    );
  }
  if (pattern.startsWith("MISSION_CONTROL_") && pattern !== "MISSION_CONTROL_DATA_DIR") {
    throw new EnvironmentError(`${pattern} is Mission Control's own and is not passed to agents.`);
  }
  return value === undefined ? { pattern } : { pattern, value };
}

function toRegExp(pattern: string): RegExp {
  return new RegExp(`^${pattern.replaceAll("*", ".*")}$`);
}
