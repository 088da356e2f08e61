import type { ToolCallContent, ToolCallUpdate } from "@agentclientprotocol/sdk";
import { errorWords } from "../error-words.ts";

/** Fields in which agents keep what a tool printed, best first: Codex, opencode, others. */
const OUTPUT_FIELDS = ["formatted_output", "aggregated_output", "output", "stdout", "text"];

/**
 * All that a tool call gave back, as text. The protocol leaves the shape of `rawOutput` to each agent; where nothing in
 * it is known, `content` is what the agent shows, and what nobody knows is shown as JSON.
 * @returns `undefined` where an update tells none
 */
export function toolOutput({ content, rawOutput, status }: ToolCallUpdate): string | undefined {
  const output = rawText(rawOutput) ?? contentText(content);
  if (output !== undefined) return output;
  return (status === "failed" ? errorWords(rawOutput) : undefined) ?? asJson(rawOutput);
}

/**
 * What an update adds to the output of a command (`_meta`: `terminal_output_delta` of codex-acp 2.6, `terminal_output` of
 * pi-acp 0.0.34).
 */
export function outputPiece({ _meta }: ToolCallUpdate): string | undefined {
  const { data } = fields(_meta?.terminal_output_delta ?? _meta?.terminal_output);
  return typeof data === "string" && data !== "" ? data : undefined;
}

/** The exit code of a command, where an update tells one. */
export function exitCode({ rawOutput, _meta }: ToolCallUpdate): number | undefined {
  const raw = fields(rawOutput);
  // Codex, others; opencode; the terminal extension of both large adapters.
  const output = [
    raw.exit_code,
    raw.exitCode,
    fields(raw.metadata).exit,
    fields(_meta?.terminal_exit).exit_code,
  ].find((value) => Number.isInteger(value));
  if (typeof output === "number") return output;
  // Claude Code puts it in front of what a failed command printed.
  const [, code] = /^Exit code (\d+)(?:\n|$)/.exec(rawText(rawOutput) ?? "") ?? [];
  return code === undefined ? undefined : Number(code);
}

function rawText(rawOutput: unknown): string | undefined {
  if (typeof rawOutput === "string") return rawOutput;
  // Content blocks of a model's API, as Claude Code passes them on.
  if (Array.isArray(rawOutput)) return joined(rawOutput.map((part) => fields(part).text));
  const raw = fields(rawOutput);
  const output = OUTPUT_FIELDS.map((name) => raw[name]).find((value) => typeof value === "string");
  // Pi, and what MCP servers give back.
  if (output === undefined) return Array.isArray(raw.content) ? rawText(raw.content) : undefined;
  return typeof raw.stderr === "string" && raw.stderr !== "" ? `${output}\n${raw.stderr}` : String(output);
}

function contentText(content: ToolCallContent[] | null | undefined): string | undefined {
  const texts = (content ?? []).map((part) => {
    if (part.type !== "content") return undefined;
    const block = part.content;
    if (block.type === "text") return withoutFence(block.text);
    if (block.type === "resource_link") return block.uri;
    if (block.type === "resource") return "text" in block.resource ? block.resource.text : block.resource.uri;
    return `(${block.type})`;
  });
  return joined(texts);
}

/** Claude Code puts what a command printed into a fence. */
function withoutFence(text: string): string {
  return /^```[^\n`]*\n(.*?)\n?```\s*$/s.exec(text)?.[1] ?? text;
}

function joined(texts: unknown[]): string | undefined {
  const output = texts.filter((text) => typeof text === "string");
  return output.length > 0 ? output.join("\n") : undefined;
}

function asJson(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || Object.keys(value).length === 0) return undefined;
  return JSON.stringify(value, null, 2);
}

function fields(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
