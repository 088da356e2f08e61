import type { Writable } from "node:stream";
import { fencedFile, plainText, textOfFile } from "@mission-control/agent";
import { programNames } from "../command-line.ts";
import { isImage, notCarried } from "../message-files.ts";
import type { OperatorMessage, OperatorMessages } from "../operator-messages.ts";

const FORMAT = "--input-format";
const REPLAY = "--replay-user-messages";

/** Whether a program is Claude Code, told to read messages from its input for as long as it runs. */
export function readsStreamJson(command: readonly string[]): boolean {
  if (!programNames(command).some((name) => /^claude\b/.test(name))) return false;
  return command.some(
    (word, index) =>
      word === `${FORMAT}=stream-json` || (word === FORMAT && command[index + 1] === "stream-json"),
  );
}

/** The command, with which it says when it takes up a message. */
export function withReplay(command: readonly string[]): string[] {
  return command.includes(REPLAY) ? [...command] : [...command, REPLAY];
}

/**
 * Speaks to `claude -p --input-format stream-json` on its input: the task, and what the operator says meanwhile. Claude
 * Code takes a line up between two steps of its turn, or when that is over, and then repeats it on its output.
 */
export class StreamJsonInput {
  readonly #input: Writable;
  readonly #messages: OperatorMessages;
  /** Written, and not taken up yet: by the ids they were given. */
  readonly #written = new Map<string, OperatorMessage | undefined>();
  /** To be written when the turn is over. */
  readonly #next: { message: OperatorMessage; content: Content }[] = [];
  #count = 0;

  constructor(input: Writable, messages: OperatorMessages) {
    this.#input = input;
    this.#messages = messages;
  }

  /** Gives it the task, and from then on what the operator says. */
  begin(prompt: string): void {
    this.#say([{ type: "text", text: prompt }], undefined);
    this.#messages.hear((message) => {
      const content = contentOf(message);
      if (typeof content === "string") {
        message.refuse(content);
        return;
      }
      if (message.mode === "next") {
        this.#next.push({ message, content });
        return;
      }
      if (message.mode === "interrupt") {
        this.#write({
          type: "control_request",
          request_id: `interrupt-${++this.#count}`,
          request: { subtype: "interrupt" },
        });
      }
      this.#say(content, message);
    });
  }

  /** It repeats a message: it has it before it. */
  heard(id: string): void {
    this.#written.get(id)?.takenUp();
    this.#written.delete(id);
  }

  /** A turn is over. @returns whether another follows; if not, its input has ended */
  turnEnded(): boolean {
    const next = this.#next.shift();
    if (next) this.#say(next.content, next.message);
    if (this.#written.size > 0) return true;
    this.close();
    return false;
  }

  /** Ends its input, and refuses what was not taken up. */
  close(): void {
    const reason = "The program had ended its work before it could take the message.";
    this.#messages.close(reason);
    for (const message of this.#written.values()) message?.refuse(reason);
    for (const { message } of this.#next) message.refuse(reason);
    this.#written.clear();
    this.#next.length = 0;
    this.#input.end();
  }

  #say(content: Content, message: OperatorMessage | undefined): void {
    const uuid = crypto.randomUUID();
    this.#written.set(uuid, message);
    this.#write({ type: "user", uuid, message: { role: "user", content } });
  }

  #write(line: object): void {
    this.#input.write(`${JSON.stringify(line)}\n`);
  }
}

/** Blocks of a message as the Messages API of Anthropic has them, which Claude Code reads. */
type Content = (
  | { type: "text"; text: string }
  | { type: "image"; source: { type: "base64"; media_type: string; data: string } }
)[];

/** A message with its files; in words, why it cannot be given to the program. */
function contentOf({ text, files }: OperatorMessage): Content | string {
  const content: Content = [{ type: "text", text: plainText(text) }];
  for (const file of files) {
    const { name, mediaType, content: data } = file;
    const asText = textOfFile(file);
    if (isImage(mediaType)) {
      content.push({ type: "image", source: { type: "base64", media_type: mediaType, data } });
    } else if (asText !== null) content.push({ type: "text", text: fencedFile(name, asText) });
    else return notCarried("Claude Code", file);
  }
  return content;
}
