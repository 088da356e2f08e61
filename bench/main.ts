// npm run bench -- [table …] [--small] [--runs N] [--against REF] [--list]
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { otherCommit } from "./against.ts";
import { Bench, type Table } from "./bench.ts";
import { placeTable, toMarkdown } from "./report/document.ts";
import { provenance } from "./report/machine.ts";
import { Seeds } from "./seed/seeds.ts";
import { type Build, build } from "./subjects/mission-control.ts";
import { missingNchan } from "./subjects/nchan.ts";
import { tables } from "./tables/index.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const DEFAULT_RUNS = 5;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    small: { type: "boolean", default: false },
    runs: { type: "string" },
    against: { type: "string" },
    list: { type: "boolean", default: false },
  },
});

const unknown = positionals.filter((name) => !tables.some((table) => table.name === name));
if (unknown.length > 0 || values.list) {
  if (unknown.length > 0) console.error(`No table is called ${unknown.join(", ")}. There are:`);
  for (const { name, title } of tables) console.log(`${name.padEnd(12)}${title}`);
  process.exit(unknown.length > 0 ? 2 : 0);
}

const chosen = tables.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
const runs = values.runs ? Number(values.runs) : values.small ? 1 : DEFAULT_RUNS;
const nchanIsMissing = missingNchan();
if (nchanIsMissing) console.error(nchanIsMissing);

build(root);
const builds: Build[] = [{ label: "Mission Control", root }];
const other = values.against ? await otherCommit(root, values.against) : undefined;
if (other) builds.push(other.build);

const seeds = new Seeds();
const failures: string[] = [];
try {
  for (const table of chosen) await run(table);
} finally {
  await seeds.close();
  await other?.close();
}
for (const failure of failures) console.error(failure);
process.exit(failures.length > 0 ? 1 : 0);

async function run(table: Table): Promise<void> {
  const bench = new Bench({
    small: values.small,
    runs,
    builds,
    hasNchan: nchanIsMissing === undefined,
    seed: (build, size) => seeds.folder(build, size),
  });
  console.log(`\n### ${table.title} (${table.name})\n`);
  const startedAt = performance.now();
  try {
    const text = toMarkdown(await table.measure(bench));
    console.log(text);
    if (!values.small && !values.against) write(table, `${text}\n\n${provenance(root, runs)}`);
  } catch (error) {
    failures.push(`${table.name}: ${error instanceof Error ? error.message : error}`);
    console.error(failures.at(-1));
  } finally {
    await bench.close();
  }
  console.log(`\n(${((performance.now() - startedAt) / 1000).toFixed(0)} s)`);
}

function write(table: Table, text: string): void {
  const path = join(root, table.document ?? "docs/performance.md");
  const document = existsSync(path) ? readFileSync(path, "utf8") : "# Performance\n";
  writeFileSync(path, placeTable(document, table, text));
}
