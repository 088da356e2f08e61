import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { RunFailedError } from "./program.ts";

/**
 * Where a program is: by its path when it has one, else on the PATH.
 * @param folders a relative path counts from the first of these that has it
 */
export function findProgram(
  program: string,
  path: string,
  folders: readonly string[] = [],
): string | undefined {
  const candidates = program.includes("/")
    ? folders.map((folder) => resolve(folder, program))
    : path
        .split(delimiter)
        .filter(Boolean)
        .map((folder) => join(folder, program));
  return candidates.find(isExecutable);
}

/**
 * The command with its program as an absolute path, so that each task runs the one that was checked.
 * @param path the PATH of the agent
 * @param cwd the folder it is to work in
 * @throws RunFailedError when there is no such program
 */
export function resolveProgram(
  [program = "", ...args]: readonly string[],
  path: string | undefined,
  cwd: string,
): string[] {
  const folders = [resolve(cwd), process.cwd()];
  const found = findProgram(program, path ?? "", folders);
  if (found) return [found, ...args];
  if (!program.includes("/")) {
    throw new RunFailedError(`"${program}" is not on the PATH: install it, or give its path.`);
  }
  const isThere = folders.some((folder) => statSync(resolve(folder, program), { throwIfNoEntry: false }));
  throw new RunFailedError(
    isThere
      ? `"${program}" is not an executable file.`
      : `There is no program "${program}" in ${folders.join(" or ")}.`,
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
