/** What the runner (`mission-control agent`) connects. */
export type RunnerKind = "claude" | "codex" | "opencode" | "program";

/** How the agent is to run, as somebody filled it in. */
export interface Setup {
  kind: RunnerKind;
  name: string;
  /** Where it works. */
  folder: string;
  /** Of a program: what is run. */
  command: string;
  /** Where the runner is when it is not on the server's machine. */
  elsewhere: { serverUrl: string; address: string } | null;
}

/** One command to run, and what it is for. */
export interface Step {
  kind: "install" | "installAgent" | "token" | "run";
  command: string;
}

/** The port of a runner that the server reaches from another machine; on its own machine any free one does. */
const PORT = 7010;

const PROGRAMS: Record<Exclude<RunnerKind, "program">, { install: Step; acp: string }> = {
  claude: {
    install: { kind: "install", command: "npm install -g @agentclientprotocol/claude-agent-acp" },
    acp: "claude-agent-acp",
  },
  codex: {
    install: { kind: "install", command: "npm install -g @agentclientprotocol/codex-acp" },
    acp: "codex-acp",
  },
  opencode: {
    install: { kind: "installAgent", command: "npm install -g opencode-ai && opencode auth login" },
    acp: "opencode acp",
  },
};

/** The commands that connect an agent, in the order they are to be run in (docs/guides). */
export function stepsOf({ kind, name, folder, command, elsewhere }: Setup): Step[] {
  const words = ["npx", "mission-control", "agent"];
  if (kind === "program") words.push("--exec", quoted(command));
  else words.push("--acp", quoted(PROGRAMS[kind].acp));
  words.push("--name", quoted(name), "--cwd", quoted(folder));
  if (elsewhere) {
    const { serverUrl, address } = elsewhere;
    const host = address.includes(":") && !address.startsWith("[") ? `[${address}]` : address;
    words.push("--url", quoted(serverUrl), "--host", "0.0.0.0", "--port", String(PORT));
    words.push("--public-url", quoted(`http://${host}:${PORT}`));
  }
  return [
    ...(kind === "program" ? [] : [PROGRAMS[kind].install]),
    ...(elsewhere ? [{ kind: "token", command: "export MISSION_CONTROL_TOKEN=…" } as const] : []),
    { kind: "run", command: words.join(" ") },
  ];
}

/** A word for a POSIX shell: as it is where nothing in it means something there, else in single quotes. */
function quoted(word: string): string {
  if (/^~?[\w@%+=:,./-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
