import { CommandLineError, programNames } from "./command-line.ts";

/** A word that is a task's text, or an option or a variable with it as the value: `{prompt}`, `--message={prompt}`. */
const TASK_TEXT_WORD = /^([A-Za-z0-9_-]+=)?\{(?:prompt|title)\}$/;
const TASK_TEXT = /\{(?:prompt|title)\}/;

/** Programs that run an argument as code, with the option before it; it counts up to their first operand. */
const INTERPRETERS: readonly { program: RegExp; code: RegExp }[] = [
  { program: /^(ba|da|z|k|mk|a|fi|c|tc)?sh$/, code: /^-([a-z]*c|-command)$/ },
  { program: /^(python|pypy)[\d.]*$/, code: /^-[A-Za-z]*c$/ },
  { program: /^(node|nodejs|bun|deno|tsx)$/, code: /^(-[ep]+|--eval|--print)$/ },
  { program: /^(perl|ruby|lua|Rscript|osascript)[\d.]*$/, code: /^-[A-Za-z]*[eE]$/ },
  { program: /^php[\d.]*$/, code: /^(-r|--run)$/ },
  { program: /^(pwsh|powershell)$/, code: /^-(c|command|e|encodedcommand)$/i },
];
/** Their options that take the next word as a value, which then is no operand. */
const TAKES_VALUE = /^([-+][oO]|-[WXrI]|--(rcfile|init-file|require|import|loader|conditions))$/;
/** Programs that hand arguments to a shell: all of them, or the one after `-c` wherever it stands. */
const SHELL_CALLERS = /^(ssh|mosh|eval|watch|parallel|tmux|screen)$/;
const COMMAND_CALLERS = /^(su|runuser|script|flock|env)$/;
const CALLED_COMMAND = /^(-c|--command|-S|--split-string)$/;

/**
 * Refuses commands by which the text of a task would become code: whoever may write a task could then run anything
 * on this machine. A task's text (`{prompt}`, `{title}`) must be a word of its own, or the value of an option, and
 * none that an interpreter runs.
 * @throws CommandLineError
 */
export function checkPlaceholders(words: readonly string[]): void {
  words.forEach((word, index) => {
    if (!TASK_TEXT.test(word)) return;
    if (runsAsCode(words, index)) {
      throw new CommandLineError(`The text of a task would run as code here: ${word}\n${REMEDY}`);
    }
    if (!TASK_TEXT_WORD.test(word)) {
      throw new CommandLineError(
        `{prompt} and {title} must be words of their own, or values as in --message={prompt}, not a part of: ${word}\n${REMEDY}`,
      );
    }
  });
}

const REMEDY = `Leave {prompt} out, then the task comes on the program's input; or give it to a shell as an argument: sh -c 'my-agent "$1"' sh {prompt}`;

function runsAsCode(words: readonly string[], index: number): boolean {
  if (index === 0) return true;
  const names = programNames(words.slice(0, index));
  const [option = "", isValue] = (words[index] ?? "").split(/(?<==)(?=\{)/);
  const last = isValue === undefined ? (words[index - 1] ?? "") : option.slice(0, -1);
  if (names.some((name) => SHELL_CALLERS.test(name))) return true;
  if (CALLED_COMMAND.test(last) && names.some((name) => COMMAND_CALLERS.test(name))) return true;
  return names.some((name, at) => {
    const interpreter = INTERPRETERS.find(({ program }) => program.test(name));
    if (!interpreter) return false;
    const between = words.slice(at + 1, index);
    const operand = between.findIndex(
      (word, place) => !/^[-+]/.test(word) && !TAKES_VALUE.test(between[place - 1] ?? ""),
    );
    if (operand >= 0) return false;
    // `sh {title}`: the first word that is no option is the script.
    return isValue === undefined
      ? at === 0 || between.some((word) => interpreter.code.test(word))
      : interpreter.code.test(last);
  });
}

/** Puts values in place of `{name}`; each word stays one word whatever the value holds. */
export function fillIn(word: string, values: Readonly<Record<string, string>>): string {
  return word.replace(/\{(\w+)\}/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? (values[name] ?? whole) : whole,
  );
}
