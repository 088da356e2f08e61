import type { Settings } from "../settings.ts";
import { AddressLimit } from "./address-limit.ts";
import { BodyBudget } from "./body-budget.ts";

/** Everything that is limited, by the name it is counted under in the metrics. */
export const LIMITS = [
  "callbacks_per_dispatch",
  "callbacks_per_address",
  "open_permissions",
  "late_callbacks",
  "connections_per_address",
  "streams_per_address",
  "stream_filters",
  "body_bytes",
  "body_rate",
] as const;
export type Limit = (typeof LIMITS)[number];

/** What all request bodies under way may hold, and those of one address, in bytes. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;
const MAX_BODY_BYTES_PER_ADDRESS = 16 * 1024 * 1024;
/** A body must bring 5 kB in five seconds: less than any network that is worth the name. */
const PIECE_BYTES = 5000;
const PIECE_MS = 5000;

const CALLBACKS_PER_ADDRESS = 1000;
const CONNECTIONS_PER_ADDRESS = 1000;
const STREAMS_PER_ADDRESS = 500;

export type LimitSettings = Pick<Settings, Extract<keyof Settings, `limit${string}`>>;

/** The limits that the settings ask for; no limit is infinite here, but for rates, where it is 0. */
export function limitsOf(settings: LimitSettings) {
  return {
    /** A second. */
    callbacksPerDispatch: settings.limitCallbacksPerDispatch,
    callbacksPerAddress: new AddressLimit(settings.limitCallbacksPerAddress, CALLBACKS_PER_ADDRESS),
    connectionsPerAddress: new AddressLimit(settings.limitConnectionsPerAddress, CONNECTIONS_PER_ADDRESS),
    streamsPerAddress: new AddressLimit(settings.limitStreamsPerAddress, STREAMS_PER_ADDRESS),
    streamFilters: orInfinite(settings.limitStreamFilters),
    /** For the rules of tasks. */
    rules: {
      openPermissions: orInfinite(settings.limitOpenPermissions),
      lateCallbacks: orInfinite(settings.limitLateCallbacks),
    },
    /** A new budget for bodies. */
    bodies: () =>
      new BodyBudget({
        maxBytes: MAX_BODY_BYTES,
        perAddress: new AddressLimit(undefined, MAX_BODY_BYTES_PER_ADDRESS),
        pieceBytes: PIECE_BYTES,
        pieceMs: PIECE_MS,
      }),
  };
}

function orInfinite(limit: number): number {
  return limit === 0 ? Number.POSITIVE_INFINITY : limit;
}
