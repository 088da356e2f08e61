import type { Settings } from "@mission-control/protocol/settings";
import type { AgentDirectory } from "../agents/agent-directory.ts";
import { ArtifactUpkeep } from "../artifact-upkeep.ts";
import { Crossings } from "../budgets/crossings.ts";
import type { Patience } from "../dispatch/silence-view.ts";
import { SilenceWatch } from "../dispatch/silence-watch.ts";
import { ExchangeUpkeep } from "../exchanges/exchange-upkeep.ts";
import { Counting } from "../insights/counting.ts";
import { Insights } from "../insights/insights.ts";
import { Retention } from "../retention.ts";
import type { LeaseToken } from "../store/operations.ts";
import type { Base } from "./base.ts";

/** Starts what one node at a time does in the background, each under a lease of its own. */
export function startUpkeep(base: Base, agents: AgentDirectory): void {
  const { settings, store, contents, logger, now, opened } = base;
  opened.add(new SilenceWatch({ store, agents, patience: patienceOf(settings), logger, now }));
  const insights = new Insights({ store, now });
  const watch = (under: LeaseToken) => new Crossings({ store, insights, now, under });
  opened.add(new Counting({ store, now, logger, watch }));
  opened.add(new ArtifactUpkeep({ store, contents, logger }));
  opened.add(new ExchangeUpkeep({ store, days: settings.deliveryDays, now, logger }));
  opened.add(new Retention({ store, keepEvents: settings.retentionEvents, now, logger }));
}

/** How long agents may be quiet; without end where a setting is 0. */
function patienceOf({ firstWordSeconds, silentSeconds }: Settings): Patience {
  const ms = (seconds: number) => (seconds === 0 ? Number.POSITIVE_INFINITY : seconds * 1000);
  return { firstWordMs: ms(firstWordSeconds), silentMs: ms(silentSeconds) };
}
