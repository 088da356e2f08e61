import type { Insights } from "@mission-control/protocol";
import { Link, useSearch } from "@tanstack/react-router";
import { agentName, useAgents } from "../../app/use-agents.ts";
import { useLive, useMission } from "../../app/use-mission.ts";
import { useInsights } from "../../insights/use-insights.ts";
import { insightsText } from "../../text/insights-text.ts";
import { text } from "../../text/text.ts";
import { Foreign } from "../../ui/foreign.tsx";
import { Empty, Failure, Skeleton } from "../../ui/page-state.tsx";
import { Budgets } from "./budgets/budgets.tsx";
import { Charts } from "./charts.tsx";
import { FailureReasons } from "./failure-reasons.tsx";
import { AgentTable, TagTable } from "./figure-tables.tsx";
import { costOf, failuresIn, isNothing, medianOf, rateOf, tokensOf } from "./figures.ts";
import styles from "./insights.module.css";
import { type InsightsSearch, RANGES, type Range } from "./insights-search.ts";
import { LatencyChart } from "./latency-chart.tsx";

/** How much is done, how fast, what it costs and what goes wrong: as the server counted it. */
export function InsightsPage() {
  const search = useSearch({ from: "/insights" });
  const range: Range = search.range ?? "24h";
  const { data, error, refetch, isPlaceholderData } = useInsights({
    days: RANGES[range],
    agentId: search.agent,
    tag: search.tag,
  });
  const mission = useMission();
  const startFailure = useLive((live) => live.startFailure);
  const filtered = search.agent !== undefined || search.tag !== undefined;
  return (
    <div className={styles.page} aria-busy={isPlaceholderData}>
      <header className={styles.head}>
        <nav className={styles.ranges} aria-label={insightsText.range}>
          {(Object.keys(RANGES) as Range[]).map((key) => (
            <Link
              key={key}
              to="/insights"
              search={(now: InsightsSearch) => {
                const { range: _, ...rest } = now;
                return key === "24h" ? rest : { ...rest, range: key };
              }}
              activeOptions={{ exact: true }}
            >
              {insightsText.ranges[key]}
            </Link>
          ))}
        </nav>
        {filtered ? <Filters search={search} /> : null}
      </header>
      {data && !data.isComplete ? <p className={styles.quiet}>{insightsText.counting}</p> : null}
      <Budgets />
      {startFailure && !data ? (
        <Failure error={startFailure} retry={() => mission.retryNow()} />
      ) : error && !data ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : !data ? (
        <Skeleton lines={8} />
      ) : isNothing(data.total) && isNothing(data.previous) && !filtered ? (
        <Empty icon="insights" title={insightsText.emptyTitle}>
          <p>{insightsText.emptyHint}</p>
          <Link to="/board" className={styles.link}>
            {insightsText.toBoard}
          </Link>
        </Empty>
      ) : (
        <Counted data={data} range={range} search={search} />
      )}
    </div>
  );
}

/** What the figures are narrowed to, and the way back. */
function Filters({ search }: { search: InsightsSearch }) {
  const mission = useMission();
  useAgents();
  const names: string[] = [];
  if (search.agent !== undefined) {
    names.push(insightsText.onlyAgent(agentName(mission, search.agent) ?? search.agent));
  }
  if (search.tag !== undefined) names.push(insightsText.onlyTag(search.tag));
  return (
    <p>
      {insightsText.only} <Foreign max={200}>{names.join(", ")}</Foreign>{" "}
      <Link to="/insights" search={search.range ? { range: search.range } : {}} className={styles.link}>
        {insightsText.all}
      </Link>
    </p>
  );
}

interface CountedProps {
  data: Insights;
  range: Range;
  search: InsightsSearch;
}

function Counted({ data, range, search }: CountedProps) {
  const { total, previous } = data;
  const before = (value: string) => (value === text.none ? undefined : insightsText.before[range](value));
  return (
    <>
      <dl className={styles.figures}>
        <Figure
          name={insightsText.completed}
          value={String(total.ended.completed)}
          before={before(String(previous.ended.completed))}
        />
        <Figure
          name={insightsText.failed}
          value={String(failuresIn(total))}
          before={before(String(failuresIn(previous)))}
        />
        <Figure name={insightsText.rate} value={rateOf(total)} before={before(rateOf(previous))} />
        <Figure
          name={insightsText.worked}
          value={medianOf(total.worked)}
          before={before(medianOf(previous.worked))}
        />
        <Figure
          name={insightsText.waited}
          value={medianOf(total.waited)}
          before={before(medianOf(previous.waited))}
        />
        <Figure name={insightsText.tokens} value={tokensOf(total)} before={before(tokensOf(previous))} />
        <Figure name={insightsText.cost} value={costOf(total)} before={before(costOf(previous))} />
      </dl>
      <div className={styles.charts}>
        <Charts data={data} />
        <FailureReasons reasons={data.reasons} agent={search.agent} />
        <LatencyChart />
      </div>
      {search.agent === undefined ? <AgentTable agents={data.agents} search={search} /> : null}
      {search.tag === undefined ? <TagTable tags={data.tags} search={search} /> : null}
      <p className={styles.quiet}>{insightsText.within}</p>
    </>
  );
}

function Figure({ name, value, before }: { name: string; value: string; before: string | undefined }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
      {before === undefined ? null : <dd className={styles.before}>{before}</dd>}
    </div>
  );
}
