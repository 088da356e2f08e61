import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const modules = fileURLToPath(new URL("../node_modules/", import.meta.url));
export const platform = `${process.platform}-${process.arch}`;
const pins: Record<string, string> = (
  JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    optionalDependencies: Record<string, string>;
  }
).optionalDependencies;

/** A program that is installed for these tests, set up to talk to a stub model and to nobody else. */
export interface RealProgram {
  name: string;
  /** The packages it runs from; the first is the one whose version is told, pinned in package.json or by another. */
  packages: [string, ...string[]];
  /** Writes its settings into a home of its own; returns the environment to run it in. */
  prepare(home: string, model: string): Record<string, string>;
}

/** A real coding agent that speaks the Agent Client Protocol. */
export interface CodingAgent extends RealProgram {
  /** Its command line. */
  acp: string;
  /** The mode of its own to run in when nothing shall be asked; without one, that in which it starts. */
  freeMode?: string;
  /** It never asks for permission: the runner then starts it only with `--permissions allow`. */
  neverAsks?: true;
  /** It begins a new session where it is told to go on. */
  losesSessions?: true;
  /** It does not tell what its model answered when that refused. */
  tellsNoErrors?: true;
  /** It does not tell which files it has changed, once it has. */
  tellsNoFiles?: true;
  /** It has its user choose, as a form of the protocol. */
  inquires?: true;
  /** It takes a message into a turn under way. */
  steers?: true;
  /** It tells of a command neither the input nor the output. */
  tellsNoOutput?: true;
  /** It tells no tokens. */
  tellsNoTokens?: true;
  /** It asks the model again and again, for minutes, when that says nothing. */
  insistsOnWords?: true;
  /** Tested only with `--all`: it takes too long for every run. */
  slow?: true;
}

/** The same agent's own command line, which prints JSON. */
export interface CodingCommand extends RealProgram {
  exec: string;
  /** It reads messages while it works. */
  listens?: true;
}

/** Why a program cannot be tested here, in one sentence; `undefined` when it can. */
export function missing({ name, packages: [main, ...rest] }: RealProgram): string | undefined {
  const wanted = pins[main];
  const isThere = wanted === undefined ? versionOf(main) !== undefined : versionOf(main) === wanted;
  if (isThere && rest.every(versionOf)) return undefined;
  const lacking = isThere ? rest.find((name) => !versionOf(name)) : `${main}${wanted ? `@${wanted}` : ""}`;
  return `${name} is not tested: ${lacking} could not be installed.`;
}

export function versionOf(name: string): string | undefined {
  const manifest = join(modules, name, "package.json");
  if (!existsSync(manifest)) return undefined;
  return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
}

/** What every agent's environment has: a home of its own, Node, and the programs installed here. */
export const base = (home: string) => ({
  HOME: home,
  PATH: `${join(process.execPath, "..")}:${bin("")}:/usr/local/bin:/usr/bin:/bin`,
  XDG_CONFIG_HOME: join(home, ".config"),
  XDG_DATA_HOME: join(home, ".local/share"),
  XDG_CACHE_HOME: join(home, ".cache"),
});

export function bin(name: string): string {
  return join(modules, ".bin", name);
}

export function writeSettings(home: string, path: string, settings: object | string): void {
  const file = join(home, path);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, typeof settings === "string" ? settings : JSON.stringify(settings, null, 2));
}
