import type { Bench, Table } from "../bench.ts";
import { HttpClient } from "../load/http-client.ts";
import { count, median, ms, percentile, withSpread } from "../measure/statistics.ts";
import { COMMON_TAG, COMMON_WORD, RARE_TAG, RARE_WORD } from "../seed/tasks.ts";
import { plansOf } from "./query-plans.ts";

type Query = Record<string, string>;
interface Page {
  items: { id: string }[];
  nextCursor: string | null;
}

const SORTS = ["createdAt", "priority", "updatedAt"] as const;
const STATUSES = ["pending", "in_progress", "review", "completed", "failed", "cancelled"] as const;

/** Every filter, sort, search and depth of the task list, and how SQLite finds the rows. */
export const taskList: Table = {
  name: "tasks",
  title: "The task list",
  async measure(bench: Bench) {
    const tasks = bench.size(100_000, 500);
    const requests = bench.size(200, 5);
    const rows: string[][] = [];
    const plans = new Map<string, string[]>();
    for (const build of bench.builds) {
      const data = await bench.seed(build, { events: bench.size(1_000_000, 5000), tasks });
      const server = await bench.server(build, { data });
      const client = new HttpClient(server.port, server.streamHeaders);
      try {
        await checkComplete(client, tasks);
        for (const [name, query] of await queries(client, tasks)) {
          const p50: number[] = [];
          const p99: number[] = [];
          let items = 0;
          for (let run = 0; run < bench.runs; run++) {
            const times: number[] = [];
            for (let index = 0; index < requests; index++) {
              const { text, ms } = await client.ask("GET", `/api/tasks?${new URLSearchParams(query)}`);
              items = (JSON.parse(text) as Page).items.length;
              times.push(ms);
            }
            p50.push(median(times));
            p99.push(percentile(times, 0.99));
          }
          const plan = await plansOf(build, data, query);
          const steps = plan.join("\n  ");
          plans.set(steps, [...(plans.get(steps) ?? []), name]);
          const scans = plan.some((line) => /\bSCAN (tasks|task_texts|task_tags)\b(?! USING)/.test(line));
          rows.push([
            build.label,
            name,
            String(items),
            ms(median(p50)),
            withSpread(p99, ms),
            scans ? "**yes**" : "no",
          ]);
        }
      } finally {
        client.close();
      }
    }
    return {
      columns: ["", "request", "items", "p50", "p99", "full scan"],
      rows,
      notes: [
        `${count(tasks)} tasks, pages of 50, one request at a time over one connection; the time is the client's. First the whole list was walked by its cursors in every sort: each task came once.`,
        `<details><summary>Query plans</summary>\n\n\`\`\`\n${[...plans].map(([steps, names]) => `${names.join(" · ")}\n  ${steps}`).join("\n")}\n\`\`\`\n\n</details>`,
      ],
    };
  },
};

async function queries(client: HttpClient, tasks: number): Promise<[string, Query][]> {
  const list: [string, Query][] = [];
  for (const sort of SORTS) list.push([`sort ${sort}`, { sort }]);
  for (const status of STATUSES) list.push([`status ${status}`, { status }]);
  for (const sort of SORTS) list.push([`agent, sort ${sort}`, { agentId: "agent-7", sort }]);
  list.push(["agent and status", { agentId: "agent-7", status: "failed" }]);
  list.push(["tag on a third", { tag: COMMON_TAG }]);
  list.push(["tag on a third, sort priority", { tag: COMMON_TAG, sort: "priority" }]);
  list.push(["tag on a thousandth, sort updatedAt", { tag: RARE_TAG, sort: "updatedAt" }]);
  list.push(["search in all", { q: COMMON_WORD }]);
  list.push(["search in a hundredth of a percent", { q: RARE_WORD }]);
  list.push(["search for nothing there", { q: "no such words" }]);
  list.push(["search of two letters", { q: "qx" }]);
  list.push(["search and tag and status", { q: "importer", tag: "area-7", status: "completed" }]);
  for (const sort of SORTS) {
    const cursor = await deepCursor(client, sort, tasks / 2);
    list.push([`page at ${count(tasks / 2)}, sort ${sort}`, { sort, cursor }]);
  }
  return list;
}

async function deepCursor(client: HttpClient, sort: string, depth: number): Promise<string> {
  let cursor = "";
  const limit = String(Math.min(500, depth / 10));
  for (let seen = 0; seen < depth; ) {
    const page = await pageOf(client, { sort, limit, ...(cursor ? { cursor } : {}) });
    seen += page.items.length;
    if (!page.nextCursor) break;
    cursor = page.nextCursor;
  }
  return cursor;
}

/** @throws Error unless every sort shows every task once */
async function checkComplete(client: HttpClient, tasks: number): Promise<void> {
  for (const sort of SORTS) {
    const ids = new Set<string>();
    let listed = 0;
    let cursor: string | null = null;
    do {
      const page: Page = await pageOf(client, { sort, limit: "500", ...(cursor ? { cursor } : {}) });
      for (const { id } of page.items) ids.add(id);
      listed += page.items.length;
      cursor = page.nextCursor;
    } while (cursor);
    if (ids.size !== tasks || listed !== tasks) {
      throw new Error(
        `Sorted by ${sort}, the list has ${listed} items of ${ids.size} tasks where there are ${tasks}.`,
      );
    }
  }
}

async function pageOf(client: HttpClient, query: Query): Promise<Page> {
  return JSON.parse((await client.ask("GET", `/api/tasks?${new URLSearchParams(query)}`)).text) as Page;
}
