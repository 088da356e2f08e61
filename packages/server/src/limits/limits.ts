import type { Settings } from "@mission-control/protocol/settings";
import { AddressLimit } from "./address-limit.ts";
import { BodyBudget, type BodyBudgetOptions } from "./body-budget.ts";

/** Everything that is limited, by the name it is counted under in the metrics. */
export const LIMITS = [
  "callbacks_per_dispatch",
  "callbacks_per_address",
  "open_permissions",
  "late_callbacks",
  "artifacts",
  "artifact_bytes",
  "uploads",
  "connections_per_address",
  "streams_per_address",
  "stream_filters",
  "body_bytes",
  "body_rate",
  "log_ins",
] as const;
export type Limit = (typeof LIMITS)[number];

/** Room for the bodies of some hundred callbacks under way, each as large as it may be. */
const BODIES: BodyBudgetOptions = {
  maxBytes: 64 * 1024 * 1024,
  perAddress: new AddressLimit(undefined, 16 * 1024 * 1024),
  // At least 1 kB a second: less than any network brings that is worth the name.
  pieceBytes: 5000,
  pieceMs: 5000,
};

const MIB = 1024 * 1024;
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
      artifacts: orInfinite(settings.limitArtifacts),
    },
    /** In bytes. */
    artifact: settings.limitArtifactMib * MIB,
    allArtifacts: orInfinite(settings.limitArtifactsTotalMib) * MIB,
    /** For bodies that nobody's memory holds: only too slow ones are given up. */
    pace: (other: Partial<BodyBudgetOptions> = {}) => {
      const unlimited = { maxBytes: Number.POSITIVE_INFINITY, perAddress: new AddressLimit(0, 0) };
      return new BodyBudget({ ...BODIES, ...other, ...unlimited });
    },
    /** A new budget for bodies. */
    bodies: (other: Partial<BodyBudgetOptions> = {}) => new BodyBudget({ ...BODIES, ...other }),
  };
}

function orInfinite(limit: number): number {
  return limit === 0 ? Number.POSITIVE_INFINITY : limit;
}
