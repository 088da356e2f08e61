import { type ChildProcess, fork } from "node:child_process";

/** An object whose methods take one cloneable argument; the answers may be promises. */
type Methods<T> = { [K in keyof T]: (argument: never) => unknown };

interface Request {
  id: number;
  method: string;
  argument: unknown;
}
interface Answer {
  id: number;
  value?: unknown;
  error?: string;
}

/** Serves an object's methods to the parent process. A method that throws rejects the parent's call. */
export function serve<T extends Methods<T>>(methods: T): void {
  const table = methods as unknown as Record<string, (argument: unknown) => unknown>;
  process.on("message", async (request: Request) => {
    const answer: Answer = { id: request.id };
    try {
      answer.value = await table[request.method]?.(request.argument);
    } catch (error) {
      answer.error = error instanceof Error ? error.message : String(error);
    }
    process.send?.(answer);
  });
  process.on("disconnect", () => process.exit(0));
}

/** A load program in a process of its own, so that its work is not the harness's, nor the server's. */
export class LoadProcess<T extends Methods<T>> {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #lastId = 0;

  constructor(program: URL) {
    this.#child = fork(program, { stdio: "inherit", serialization: "advanced" });
    this.#child.on("message", (answer: Answer) => {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if (answer.error === undefined) waiting?.resolve(answer.value);
      else waiting?.reject(new Error(answer.error));
    });
    this.#child.on("exit", (code, signal) => {
      for (const { reject } of this.#waiting.values())
        reject(new Error(`${program} ended: ${code ?? signal}.`));
      this.#waiting.clear();
    });
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  call<K extends keyof T & string>(
    method: K,
    argument: Parameters<T[K]>[0],
  ): Promise<Awaited<ReturnType<T[K]>>> {
    const request: Request = { id: ++this.#lastId, method, argument };
    return new Promise((resolve, reject) => {
      this.#waiting.set(request.id, { resolve: resolve as (value: unknown) => void, reject });
      this.#child.send(request);
    });
  }

  /** Ends the process and waits for its end. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill();
    await ended;
  }
}
