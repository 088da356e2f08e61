// node seed.ts ROOT FOLDER EVENTS TASKS: fills a data folder through the store of the server built in ROOT.
// Only the rules of the server write here, so the folder is what years of use would have left.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { AgentRecord } from "../../packages/server/dist/store/records.js";
import type { SqliteStore } from "../../packages/server/dist/store/sqlite/sqlite-store.js";
import type { TaskChange } from "../../packages/server/dist/tasks/change.js";
import { seedTask } from "./tasks.ts";

const GROUP = 1000;
const AGENTS = 20;
/** Tasks still being worked on: a server takes their attempts up again when it starts. */
const RUNNING = 64;

const [root = "", folder = "", events = "", tasks = ""] = process.argv.slice(2);
const module = pathToFileURL(join(root, "packages/server/dist/store/sqlite/sqlite-store.js"));
const engine = (await import(module.href)) as { SqliteStore: typeof SqliteStore };
const store = engine.SqliteStore.open({ folder });

for (let index = 0; index < AGENTS; index++) await addAgent(index);
await inGroups(Number(tasks), (index) => taskChanges(index, Number(tasks)));
for (;;) {
  const missing = Number(events) - (await store.range()).newest;
  if (missing <= 0) break;
  await inGroups(Math.min(missing, GROUP), (index) => [progress(index % Math.min(RUNNING, Number(tasks)))]);
}
await store.close();
forgetFile(join(folder, "mission-control.instance"));

/** Applies what each index brings in order, and many indexes in one commit. */
async function inGroups(count: number, changes: (index: number) => TaskChange[]): Promise<void> {
  for (let from = 0; from < count; from += GROUP) {
    const indexes = Array.from({ length: Math.min(GROUP, count - from) }, (_, offset) => from + offset);
    const results = await Promise.all(indexes.flatMap(changes).map((change) => store.change(change)));
    const refusal = results.find((result) => result.refusal)?.refusal;
    if (refusal) throw new Error(`A change of the seed was refused: ${refusal.detail}`);
  }
}

/** The life of one task; the first few are still running, the others ended in some way or were never sent. */
function taskChanges(index: number, total: number): TaskChange[] {
  const taskId = `task-${index}`;
  const dispatchId = `dispatch-${index}`;
  const agentId = agentOf(index);
  const fields = seedTask(index);
  const created: TaskChange[] = [{ kind: "create", taskId, fields }];
  if (index % 5 === 4 && index >= RUNNING) {
    return index % 25 === 4 ? [...created, { kind: "cancel", taskId }] : created;
  }
  const sent: TaskChange[] = [
    ...created,
    { kind: "dispatch", taskId, agentId, newDispatchId: dispatchId },
    { kind: "sending", taskId, dispatchId },
    { kind: "accepted", taskId, dispatchId },
  ];
  if (index < Math.min(RUNNING, total)) return [...sent, progress(index)];
  const said = { taskId, agentId, dispatchId };
  const at = new Date().toISOString();
  const ending =
    index % 7 === 0
      ? { ...said, type: "error" as const, error: `Failed at step ${index % 9}.` }
      : { ...said, type: "complete" as const, summary: `Done: ${fields.title}.` };
  return [...sent, { kind: "callback", taskId, dispatchId, callback: ending, at }];
}

function progress(index: number): TaskChange {
  const taskId = `task-${index}`;
  const dispatchId = `dispatch-${index}`;
  const callback = {
    type: "progress" as const,
    taskId,
    agentId: agentOf(index),
    dispatchId,
    message: `Reading src/module-${index}.ts and what it imports`,
    progress: 0.5,
    data: { step: index, tool: "read" },
  };
  return { kind: "callback", taskId, dispatchId, callback, at: new Date().toISOString() };
}

/**
 * Makes a copy of the folder count as the folder itself, as one of an older version does: measured is not what follows
 * where a backup was put back, which leaves event ids out.
 */
function forgetFile(marker: string): void {
  if (!existsSync(marker)) return; // Of a build that has none.
  const { file: _, ...state } = JSON.parse(readFileSync(marker, "utf8")) as Record<string, unknown>;
  writeFileSync(marker, JSON.stringify(state));
}

function agentOf(index: number): string {
  return `agent-${index % AGENTS}`;
}

async function addAgent(index: number): Promise<void> {
  const now = new Date().toISOString();
  const record = {
    id: agentOf(index),
    name: `Agent ${index}`,
    capabilities: ["code"],
    concurrency: 100,
    endpoint: { kind: "http", url: "http://127.0.0.1:9/dispatch" },
    secret: "whsec_c2VlZC1hZ2VudC1zZWNyZXQtZm9yLWJlbmNo",
    createdAt: now,
    updatedAt: now,
  } satisfies AgentRecord;
  // A build to compare with may be from before records were edited in place.
  const older = store as { put?: (kind: "agent", record: AgentRecord) => Promise<void> };
  if (older.put) await older.put("agent", record);
  else await store.edit("agent", record.id, () => ({ record }));
}
