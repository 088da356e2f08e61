import type { Entry, TranscriptEntry } from "@mission-control/protocol";
import { indented } from "./milestone-text.ts";
import { oneLine, visible } from "./output.ts";

const STEP_MARKS = { pending: "[ ]", running: "[>]", completed: "[x]", failed: "[!]" } as const;

/** An entry of a transcript for people: a line with local time and what it is, and below it, indented, what it holds. */
export function entryText(entry: TranscriptEntry): string {
  const time = new Date(entry.timestamp).toLocaleTimeString("en-GB");
  const body = bodyOf(entry);
  return [`${time}  ${headOf(entry)}`.trimEnd(), ...(body ? [indented(body)] : [])].join("\n");
}

function headOf(entry: Entry): string {
  switch (entry.kind) {
    case "message":
      return oneLine(visible(entry.role ?? "assistant"));
    case "thought":
      return "thought";
    case "tool":
      return toolLine(entry);
    case "plan":
      return "plan";
    case "file":
      return `${entry.change ?? "edited"} ${oneLine(visible(entry.path ?? "a file"))}`;
  }
}

function bodyOf(entry: Entry): string | undefined {
  switch (entry.kind) {
    case "message":
    case "thought":
      return entry.text;
    case "tool":
      return withWhole(entry);
    case "plan":
      return entry.steps
        ?.map(({ title, state = "pending" }) => `${STEP_MARKS[state]} ${oneLine(visible(title))}`)
        .join("\n");
    case "file":
      return entry.diff;
  }
}

/** What came out of a tool call and, where that is only its beginning and its end, which artifact has all of it. */
function withWhole({ output, outputArtifact }: Extract<Entry, { kind: "tool" }>): string | undefined {
  if (outputArtifact === undefined) return output;
  const where = `The whole output is the artifact ${oneLine(visible(outputArtifact))}.`;
  return output === undefined ? where : `${output.trimEnd()}\n${where}`;
}

/** A tool call on one line: its name, what it does, and how it went. */
function toolLine(tool: Extract<Entry, { kind: "tool" }>): string {
  const { name, title, input, state, exitCode, durationMs } = tool;
  const what = title ?? (typeof input === "string" ? input : input && JSON.stringify(input));
  const details = [
    ...(exitCode === undefined ? [] : [`exit ${exitCode}`]),
    ...(durationMs === undefined ? [] : [`${(durationMs / 1000).toFixed(1)} s`]),
  ];
  const outcome = [...(state ? [state] : []), ...(details.length > 0 ? [`(${details.join(", ")})`] : [])];
  const words = [name ?? "tool", ...(what === undefined || what === name ? [] : [what])];
  return [...words.map((text) => oneLine(visible(text))), outcome.join(" ")].join("  ").trimEnd();
}
