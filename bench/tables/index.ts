import type { Table } from "../bench.ts";
import { callbacks } from "./callbacks.ts";
import { dispatches } from "./dispatches.ts";
import { fanout } from "./fanout.ts";
import { filters } from "./filters.ts";
import { flood } from "./flood.ts";
import { footprint } from "./footprint.ts";
import { latency } from "./latency.ts";
import { memoryPerReader } from "./memory.ts";
import { nodes } from "./nodes.ts";
import { outbound } from "./outbound.ts";
import { reconnect } from "./reconnect.ts";
import { replay } from "./replay.ts";
import { retention } from "./retention.ts";
import { start } from "./start.ts";
import { steady } from "./steady.ts";
import { stuck } from "./stuck.ts";
import { taskList } from "./tasks.ts";

/** All tables, in the order of docs/performance.md. */
export const tables: readonly Table[] = [
  callbacks,
  latency,
  flood,
  fanout,
  steady,
  filters,
  memoryPerReader,
  stuck,
  replay,
  reconnect,
  start,
  taskList,
  dispatches,
  outbound,
  retention,
  footprint,
  nodes,
];
