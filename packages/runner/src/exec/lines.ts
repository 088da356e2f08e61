import { parseObject } from "./output.ts";

const MAX_LINE = 8 * 1024 * 1024;

/** Splits text that comes in pieces into lines. A line beyond 8 MiB is passed on in parts. */
export class LineSplitter {
  readonly #onLine: (line: string) => void;
  #rest = "";

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#onLine(line.replace(/\r$/, ""));
    if (this.#rest.length > MAX_LINE) this.end();
  }

  /** Passes on a JSON object that came without a line's end: it is whole by itself. */
  endObject(): void {
    if (parseObject(this.#rest)) this.end();
  }

  /** Passes on what came without a line's end. */
  end(): void {
    if (this.#rest !== "") this.#onLine(this.#rest);
    this.#rest = "";
  }
}
