/**
 * What the model does in one turn, written into the task's description, a line each: `RUN echo hi` and `WRITE name`
 * use a tool, one after the other; `INQUIRE Red,Blue` has Claude Code ask its user to choose; `SAY all done` is what it says at the end, `MUTE` that it says nothing; `FAIL` has
 * every call refused, `BREAK` the one after the tools; `ESCALATE` makes Codex ask before it leaves its sandbox; after
 * `ENOUGH` it uses no more tools.
 */
export interface Script {
  uses: ToolUse[];
  say: string;
  /** After how many tool calls every call is refused. */
  failsAfter: number;
  escalates: boolean;
}

type ToolUse = { run: string } | { write: string } | { inquire: string };

/** The next thing the model does: call a tool, or say its last words. */
export type Step = { tool: string; input: Record<string, unknown>; freeform?: string } | { say: string };

/** What every `WRITE` puts into its file. */
export const WRITTEN = "written by the model\n";

/** Reads the script out of a request's body: the prompt is somewhere inside the JSON, its line ends escaped. */
export function readScript(body: string): Script {
  const lines = body.split(/\\n|"/);
  const uses = new Map<string, ToolUse>();
  for (const line of lines) {
    const [, word, rest = ""] = /^(RUN|WRITE|INQUIRE) (.+)$/.exec(line) ?? [];
    if (word) uses.set(line, { [word.toLowerCase()]: rest } as ToolUse);
  }
  const said = lines.filter((line) => line.startsWith("SAY ")).map((line) => line.slice("SAY ".length));
  return {
    uses: lines.includes("ENOUGH") ? [] : [...uses.values()],
    say: lines.includes("MUTE") ? "" : (said.at(-1) ?? "ok"),
    failsAfter: lines.includes("FAIL") ? 0 : lines.includes("BREAK") ? uses.size : Number.POSITIVE_INFINITY,
    escalates: lines.includes("ESCALATE"),
  };
}

/**
 * @param done how many tool calls have been answered
 * @param tools the names of the tools the agent offers; side requests, such as for a title, come without
 */
export function nextStep(script: Script, done: number, tools: ReadonlySet<string>): Step {
  const use = script.uses[done];
  if (!use || tools.size === 0) return { say: script.say };
  if ("inquire" in use) return inquireStep(use.inquire);
  return "run" in use ? runStep(use.run, script.escalates, tools) : writeStep(use.write, tools);
}

/** Names of shell tools: Claude Code's, Codex', Gemini's and Qwen's, everyone else's. */
function runStep(command: string, escalates: boolean, tools: ReadonlySet<string>): Step {
  if (tools.has("exec_command")) {
    const escalation = { sandbox_permissions: "require_escalated", justification: "Shall I?" };
    return { tool: "exec_command", input: { cmd: command, ...(escalates && escalation) } };
  }
  const tool = ["Bash", "run_shell_command", "bash"].find((name) => tools.has(name)) ?? "bash";
  // Qwen Code insists on being told whether to wait.
  const waits = tool === "run_shell_command" ? { is_background: false } : {};
  return { tool, input: { command, description: "A step", ...waits } };
}

/** As Claude Code's `AskUserQuestion` takes it. */
function inquireStep(choices: string): Step {
  const options = choices.split(",").map((label) => ({ label, description: `It is ${label}.` }));
  const question = { question: "Which colour?", header: "Colour", options, multiSelect: false };
  return { tool: "AskUserQuestion", input: { questions: [question] } };
}

/** Names of tools that write a file, and how each calls the file and its content. */
const WRITERS: Record<string, [path: string, content: string]> = {
  Write: ["file_path", "content"],
  write_file: ["file_path", "content"],
  create: ["path", "file_text"],
};

function writeStep(path: string, tools: ReadonlySet<string>): Step {
  if (tools.has("apply_patch")) {
    const freeform = `*** Begin Patch\n*** Add File: ${path}\n+${WRITTEN}*** End Patch\n`;
    return { tool: "apply_patch", input: { input: freeform, patchText: freeform }, freeform };
  }
  if (tools.has("exec_command")) {
    const patch = `*** Begin Patch\n*** Add File: ${path}\n+${WRITTEN}*** End Patch`;
    return { tool: "exec_command", input: { cmd: `apply_patch <<'EOF'\n${patch}\nEOF` } };
  }
  const known = Object.entries(WRITERS).find(([name]) => tools.has(name));
  if (known) return { tool: known[0], input: { [known[1][0]]: path, [known[1][1]]: WRITTEN } };
  return { tool: "write", input: { path, filePath: path, content: WRITTEN } };
}
