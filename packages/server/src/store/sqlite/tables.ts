import type { DatabaseSync } from "node:sqlite";
import { ArtifactTable } from "./artifact-table.ts";
import { AttemptTable } from "./attempt-table.ts";
import { DeliveryTable } from "./delivery-table.ts";
import { EventLog } from "./event-log.ts";
import { InsightTable } from "./insight-table.ts";
import { MessageTable } from "./message-table.ts";
import { PayloadTable } from "./payload-table.ts";
import { ReceiptTable } from "./receipt-table.ts";
import { RecordTable } from "./record-table.ts";
import { TaskTable } from "./task-table.ts";

/** The tables of the database, but for those that are only read whole. */
export interface Tables {
  log: EventLog;
  tasks: TaskTable;
  attempts: AttemptTable;
  messages: MessageTable;
  artifacts: ArtifactTable;
  receipts: ReceiptTable;
  records: RecordTable;
  deliveries: DeliveryTable;
  insights: InsightTable;
  payloads: PayloadTable;
}

/** Prepares them. */
export function openTables(db: DatabaseSync): Tables {
  return {
    log: new EventLog(db),
    tasks: new TaskTable(db),
    attempts: new AttemptTable(db),
    messages: new MessageTable(db),
    artifacts: new ArtifactTable(db),
    receipts: new ReceiptTable(db),
    records: new RecordTable(db),
    deliveries: new DeliveryTable(db),
    insights: new InsightTable(db),
    payloads: new PayloadTable(db),
  };
}
