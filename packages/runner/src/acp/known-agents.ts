import type { AgentEvent } from "../agent-event.ts";

/**
 * What the protocol does not say about an agent, as it was seen in the version named. `test/agents` runs each of them
 * and fails where one has changed.
 */
export interface KnownAgent {
  /** Matches what it calls itself in `initialize`. */
  name: RegExp;
  /** Whether it ever asks for permission. */
  asks: "in a mode" | "by its environment" | "never";
  /** The mode in which it asks before everything but reading. */
  askingMode?: string;
  /** Modes in which it asks for nothing: it, or a model of its own, decides. */
  silentModes?: readonly string[];
  /** Arguments by which it asks for nothing, whatever its mode. */
  silentArguments?: RegExp;
  /** Whether its `end_turn` says that all went well; of some it also follows an error that they keep to themselves. */
  vouches: boolean;
  /** Tells its program's own words from its model's, where both come as messages. `undefined`: its model's. */
  readMessage?(message: { text: string; messageId?: string | null | undefined }): AgentEvent | undefined;
}

const KNOWN: readonly KnownAgent[] = [
  {
    // 0.101. Starts in `auto`.
    name: /claude-agent-acp/,
    asks: "in a mode",
    askingMode: "default",
    silentModes: ["auto", "bypassPermissions", "dontAsk"],
    vouches: true,
  },
  {
    // 2.6. Starts in `agent`. Its messages have ids; warnings and errors, as messages, have none.
    name: /codex-acp/,
    asks: "in a mode",
    askingMode: "read-only",
    silentModes: ["agent-full-access"],
    vouches: true,
    readMessage: ({ text, messageId }) => (messageId ? undefined : { type: "notice", text }),
  },
  {
    // 1.18. Its modes are agents; what it asks is in its settings, which allow everything unless told otherwise.
    name: /^opencode$/i,
    asks: "by its environment",
    vouches: true,
  },
  {
    // 0.61.
    name: /^gemini-cli/,
    asks: "in a mode",
    askingMode: "default",
    silentModes: ["yolo"],
    vouches: true,
  },
  {
    // 0.24. Starts in `auto`.
    name: /^qwen-code/,
    asks: "in a mode",
    askingMode: "default",
    silentModes: ["auto", "yolo"],
    vouches: true,
  },
  {
    // 1.0.102. A model's error is a message and `end_turn`; so is its own information.
    name: /^copilot$/i,
    asks: "in a mode",
    askingMode: "agent",
    silentModes: ["autopilot"],
    silentArguments: /^--(allow-all(-tools)?|yolo)$/,
    vouches: false,
    readMessage({ text }) {
      const [, kind, words = ""] = /^(Error|Info|Warning): (.*)$/s.exec(text) ?? [];
      return kind === undefined ? undefined : { type: kind === "Error" ? "trouble" : "notice", text: words };
    },
  },
  {
    // 0.0.34 with Pi 0.87 and 1.6. Its modes are how much it thinks; a model's error is `end_turn` and nothing else. A session
    // begins with a message of its program: version, context, skills.
    name: /^pi-acp/,
    asks: "never",
    vouches: false,
    readMessage: ({ text }) =>
      /^(pi v\d\S*\n---\n|## (Context|Skills|Prompts|Extensions)\n|New version available)/.test(text)
        ? { type: "notice", text }
        : undefined,
  },
];

/** @param name what the agent calls itself, else the name of its program */
export function knownAgent(name: string): KnownAgent | undefined {
  return KNOWN.find((agent) => agent.name.test(name));
}

/** In these, opencode looks without asking, as the others do. The last rule that fits counts. */
const OPENCODE_ASKS = JSON.stringify({
  "*": "ask",
  read: { "*": "allow", "*.env": "ask", "*.env.*": "ask", "*.env.example": "allow" },
  ...Object.fromEntries(["list", "glob", "grep", "todoread", "todowrite"].map((tool) => [tool, "allow"])),
});

/** What an agent's environment needs so that it asks; the operator's own setting goes before it. */
export function askingEnvironment(command: readonly string[]): NodeJS.ProcessEnv {
  return command.some((word) => /(^|[\\/])opencode(-ai)?(@[^\\/]*)?$/.test(word))
    ? { OPENCODE_PERMISSION: OPENCODE_ASKS }
    : {};
}
