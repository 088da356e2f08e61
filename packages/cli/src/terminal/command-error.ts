/** What a command ends with when it could not do what it was asked: one sentence, and the exit code. */
export class CommandError extends Error {
  override name = "CommandError";
  readonly exitCode: 1 | 2;

  constructor(message: string, exitCode: 1 | 2 = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The command was used wrongly: exit code 2. */
export function wrongUse(message: string): CommandError {
  return new CommandError(message, 2);
}
