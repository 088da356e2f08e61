import { join } from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { type TaskQuery, taskQuerySchema } from "@mission-control/protocol";
import type { TaskList } from "../../packages/server/dist/store/sqlite/task-list.js";
import type { Build } from "../subjects/mission-control.ts";

/** Steps over what other steps have made: they touch no table. */
const INNER_STEP = /subquery|SUBQUERY|CO-ROUTINE|^SCAN keys$|^(MERGE|LEFT|RIGHT)\b|BLOOM FILTER/;

/**
 * How SQLite finds the rows of one task list: the build's own code makes the statements, against a database
 * that notes and explains each of them.
 */
export async function plansOf(build: Build, data: string, query: Record<string, string>): Promise<string[]> {
  const module = pathToFileURL(join(build.root, "packages/server/dist/store/sqlite/task-list.js"));
  const { TaskList: List } = (await import(module.href)) as { TaskList: typeof TaskList };
  const db = new DatabaseSync(join(data, "mission-control.db"), { readOnly: true });
  try {
    const plans = new Set<string>();
    new List(explained(db, plans)).page(taskQuerySchema.parse(query) satisfies TaskQuery);
    return [...plans].filter((step) => !INNER_STEP.test(step));
  } finally {
    db.close();
  }
}

/** The database, with every statement that is run explained into `plans`. */
function explained(db: DatabaseSync, plans: Set<string>): DatabaseSync {
  return new Proxy(db, {
    get(target, name) {
      if (name !== "prepare") {
        const value = Reflect.get(target, name);
        return typeof value === "function" ? value.bind(target) : value;
      }
      return (sql: string) =>
        explainedStatement(target.prepare(sql), target.prepare(`EXPLAIN QUERY PLAN ${sql}`), plans);
    },
  });
}

function explainedStatement(
  statement: StatementSync,
  explain: StatementSync,
  plans: Set<string>,
): StatementSync {
  return new Proxy(statement, {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      if (name !== "all" && name !== "get") return value.bind(target);
      return (...values: SQLInputValue[]) => {
        for (const step of explain.all(...values)) plans.add(String(step.detail));
        return value.apply(target, values);
      };
    },
  });
}
