import { type Dispatch, plainText } from "@mission-control/agent";
import { programNames } from "../command-line.ts";
import { fillIn } from "../placeholders.ts";
import { taskPrompt } from "../prompt.ts";

/** One call of a program: what it is started with, and what it reads. */
export interface Invocation {
  command: string[];
  /** What comes on its standard input. */
  input: string;
  /** What the operator should know about how the prompt was given. */
  note?: string;
}

/**
 * The longest prompt that is given as an argument, in bytes. Linux takes 128 KiB for one argument (MAX_ARG_STRLEN in
 * execve(2)), macOS 1 MiB for all of them with the environment.
 */
const MAX_ARGUMENT_BYTES = 100_000;

/**
 * Programs known to read their prompt from standard input, where any text is safe: an argument that begins with `-`
 * would be an option to them, and a long one cannot be passed.
 */
const STDIN_READERS: readonly { program: RegExp; subcommand?: RegExp; option?: RegExp; inPlace?: string }[] =
  [
    // claude -p: "Print response and exit (useful for pipes)".
    { program: /^claude\b/ },
    // codex exec: "If not provided as an argument (or if `-` is used), instructions are read from stdin."
    { program: /^codex\b/, subcommand: /^(exec|e)$/, inPlace: "-" },
    { program: /^opencode\b/, subcommand: /^run$/ },
    { program: /^gemini\b/, option: /^(-p|--prompt)$/ },
  ];

/** How a program is called for one task. The command was checked by `checkPlaceholders`. */
export function invocationFor(command: readonly string[], dispatch: Dispatch, folder: string): Invocation {
  const { task } = dispatch;
  const prompt = taskPrompt(dispatch);
  const values = { prompt, title: plainText(task.title), taskId: task.id, folder };
  const bytes = Buffer.byteLength(prompt);
  const takesPrompt = (word: string) => /(^|=)\{prompt\}$/.test(word);
  if (!command.some(takesPrompt)) return { command: fillWords(command, values), input: prompt };
  const onStdin = readFromStdin(command);
  if (onStdin) return { command: fillWords(onStdin, values), input: prompt };
  if (bytes <= MAX_ARGUMENT_BYTES) return { command: fillWords(command, values), input: "" };
  return {
    command: fillWords(
      command.filter((word) => !takesPrompt(word)),
      values,
    ),
    input: prompt,
    note: `The prompt has ${Math.ceil(bytes / 1000)} kB, too much for an argument: it comes on the program's input instead.`,
  };
}

/** The command without its prompt, where the program is known to read it from its input. */
function readFromStdin(command: readonly string[]): string[] | undefined {
  const place = command.indexOf("{prompt}");
  const before = programNames(command.slice(0, place));
  const rule = STDIN_READERS.find(
    ({ program, subcommand }) =>
      before.some((name) => program.test(name)) &&
      (!subcommand || before.some((name) => subcommand.test(name))),
  );
  if (place < 0 || !rule) return undefined;
  const { option, inPlace } = rule;
  const from = option?.test(command[place - 1] ?? "") ? place - 1 : place;
  return [...command.slice(0, from), ...(inPlace ? [inPlace] : []), ...command.slice(place + 1)];
}

/**
 * Fills in the placeholders. A word that is a task's text must not become an option: where it begins with `-` and no
 * `--` came before, a space is put before it.
 */
export function fillWords(command: readonly string[], values: Readonly<Record<string, string>>): string[] {
  const operandsOnly = command.indexOf("--");
  return command.map((word, index) => {
    const filled = fillIn(word, values);
    const isText = word.startsWith("{") && filled.startsWith("-");
    return isText && !(operandsOnly >= 0 && operandsOnly < index) ? ` ${filled}` : filled;
  });
}
