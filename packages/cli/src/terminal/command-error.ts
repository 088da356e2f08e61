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

/**
 * @param fields what an edit is to change, `undefined` for what stays
 * @param examples options that name something
 * @throws CommandError where everything stays
 */
export function refuseEmptyEdit(fields: object, examples: string): void {
  if (Object.values(fields).some((value) => value !== undefined)) return;
  throw wrongUse(`Say what is to be changed, such as ${examples}: --help names everything.`);
}
