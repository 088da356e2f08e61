import type { DeliveryStore } from "./deliveries.ts";
import type { ExchangeStore } from "./exchanges.ts";
import type { InsightStore } from "./insights.ts";
import type { Store } from "./store.ts";

/** The methods of a store that tables alone answer: all but commits, leases and what follows the log. */
export type TableMethods = DeliveryStore &
  ExchangeStore &
  InsightStore &
  Omit<
    Store,
    | "change"
    | "claim"
    | "append"
    | "edit"
    | "commandDone"
    | "lease"
    | "follow"
    | "unavailableReason"
    | "close"
  >;
