import { globSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The workspace's packages, from the top: a package imports only packages below it. */
export const packages = ["dashboard", "cli", "server", "runner", "openclaw-plugin", "agent", "protocol"];

/** The rooms of the server, from the top: a room imports only rooms below it. A file that stands alone is its own room. */
export const rooms = [
  "index.ts",
  "app",
  "move-store.ts",
  "api",
  "login",
  "callbacks",
  "dispatch",
  "agents",
  "outbound",
  "gateways",
  "stream",
  "ingress",
  "budgets",
  "insights",
  "exchanges",
  "retention.ts",
  "artifact-upkeep.ts",
  "readiness.ts",
  "relay",
  "leased-work.ts",
  "store",
  "tasks",
  "metrics.ts",
  "limits",
  "allowed-hosts.ts",
  "forwarded.ts",
  "client-address.ts",
  "problem.ts",
  "address-file.ts",
  "keys.ts",
  "issue-words.ts",
  "abortable.ts",
  "node-http.ts",
  "unicode.ts",
  "ids.ts",
  "log.ts",
  "logger.ts",
];

/** That `file`, of one room or package, imports another. */
export interface Import {
  file: string;
  from: string;
  to: string;
}

/** What `from "…"`, `import("…")` and `import "…"` name. */
const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*["']([^"']+)["']/g;

/** What `import … from "…"` and `export … from "…"` name, but for types. */
const STATIC_IMPORT = /^(?:import|export)\s(?!type\b)[^;]*?\bfrom\s+["']([^"']+)["']/gm;

/** Every import of a package of the workspace by another one, static or dynamic, tests left out. */
export function importsBetweenPackages(): Import[] {
  const files = globSync("*/src/**/*.{ts,tsx}", { cwd: join(root, "packages") });
  return importsOf(files, join(root, "packages"), (file, target) => {
    const [, named] = /^@mission-control\/([^/]+)/.exec(target) ?? [];
    if (named !== undefined) return named;
    return target.startsWith(".") ? firstPart(posix.join(dirname(file), target)) : null;
  });
}

/** Every import of a room of the server by another one, static or dynamic, tests left out. */
export function importsBetweenRooms(): Import[] {
  const source = join(root, "packages/server/src");
  return importsOf(globSync("**/*.ts", { cwd: source }), source, (file, target) =>
    target.startsWith(".") ? firstPart(posix.join(dirname(file), target)) : null,
  );
}

/** Files of the server that load a module, with all it imports, as soon as they are loaded: not by `import()`, nor for types alone. */
export function loadersOf(module: RegExp): string[] {
  const source = join(root, "packages/server/src");
  return globSync("**/*.ts", { cwd: source })
    .filter((file) => !/\.test\.ts$/.test(file))
    .filter((file) =>
      [...readFileSync(join(source, file), "utf8").matchAll(STATIC_IMPORT)].some(([, target = ""]) =>
        module.test(target),
      ),
    )
    .sort();
}

function importsOf(
  files: readonly string[],
  folder: string,
  partOf: (file: string, target: string) => string | null,
): Import[] {
  return files
    .filter((file) => !/\.test\.tsx?$/.test(file))
    .flatMap((file) =>
      [...readFileSync(join(folder, file), "utf8").matchAll(IMPORT)].map(([, target = ""]) => ({
        file,
        from: firstPart(file),
        to: partOf(file, target),
      })),
    )
    .filter((found): found is Import => found.to !== null && found.to !== found.from);
}

function firstPart(path: string): string {
  return path.split("/")[0] ?? path;
}
