import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ArtifactView } from "@mission-control/protocol";
import type { Command } from "commander";
import { connect, type ServerFlags, withServerFlags } from "../client/server-access.ts";
import { artifactsOf, downloadArtifact, findTask } from "../client/task-calls.ts";
import { CommandError, wrongUse } from "../terminal/command-error.ts";
import { print, printJson, sizeOf, table } from "../terminal/output.ts";

interface ArtifactsFlags extends ServerFlags {
  get?: string;
  output?: string;
  json?: boolean;
}

export function configure(command: Command): void {
  withServerFlags(command)
    .argument("<task>", "the task's id or title")
    .option("--get <name>", "download one, by its name (of several, the newest) or id")
    .option(
      "-o, --output <file>",
      "with --get: where to put it; - for the standard output (default: its name)",
    )
    .option("--json", "print the list as JSON")
    .addHelpText(
      "after",
      `
Examples:
  mission-control artifacts task_01K3…
  mission-control artifacts task_01K3… --get change.patch -o - | git apply`,
    )
    .action(async (task: string, flags: ArtifactsFlags) => {
      const client = connect(flags);
      const { get: wanted, output, json } = flags;
      if (wanted === undefined && output !== undefined) throw wrongUse("--output needs --get.");
      const { id } = await findTask(client, task);
      const artifacts = await artifactsOf(client, id);
      if (wanted !== undefined) {
        const found = find(artifacts, wanted);
        return save(await downloadArtifact(client, id, found.id), found, output ?? found.name);
      }
      if (json) return printJson({ items: artifacts });
      if (artifacts.length === 0) return print("No artifacts.");
      print(
        table(
          artifacts.map(({ id: artifactId, size, mediaType, name }) => [
            artifactId,
            sizeOf(size),
            mediaType,
            name,
          ]),
        ),
      );
    });
}

function find(artifacts: readonly ArtifactView[], wanted: string): ArtifactView {
  const found =
    artifacts.find(({ id }) => id === wanted) ?? artifacts.findLast(({ name }) => name === wanted);
  if (found) return found;
  const names = [...new Set(artifacts.map(({ name }) => name))].join(", ") || "none";
  throw new CommandError(`There is no artifact "${wanted}"; there are: ${names}.`);
}

/** Writes a download to a file, which is whole or not there, or to the standard output. */
async function save(
  bytes: ReadableStream<Uint8Array>,
  artifact: ArtifactView,
  target: string,
): Promise<void> {
  const readable = Readable.fromWeb(bytes as Parameters<typeof Readable.fromWeb>[0]);
  const checked = (chunks: AsyncIterable<Uint8Array>) => check(chunks, artifact);
  if (target === "-") return pipeline(readable, checked, process.stdout, { end: false });
  const draft = `${target}.${process.pid}.part`;
  try {
    await pipeline(readable, checked, createWriteStream(draft, { flags: "wx" }));
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { force: true });
    if (error instanceof CommandError) throw error;
    throw new CommandError(`${target} could not be written: ${(error as Error).message}`);
  }
  print(`Saved as ${target}.`);
}

/** Passes the bytes of an artifact on. @throws CommandError at their end, where they are not the artifact's */
async function* check(
  chunks: AsyncIterable<Uint8Array>,
  { name, sha256 }: ArtifactView,
): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest("hex") === sha256) return;
  throw new CommandError(`What came is not the artifact "${name}": its SHA-256 is another one.`);
}
