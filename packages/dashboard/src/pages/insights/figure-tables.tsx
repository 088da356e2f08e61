import type { InsightFigures, Insights } from "@mission-control/protocol";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useAgents } from "../../app/use-agents.ts";
import { insightsText } from "../../text/insights-text.ts";
import { Foreign } from "../../ui/foreign.tsx";
import table from "../../ui/table.module.css";
import { costOf, failuresIn, medianOf, rateOf, tokensOf } from "./figures.ts";
import styles from "./insights.module.css";
import type { InsightsSearch } from "./insights-search.ts";

/** Each agent's figures; its name narrows the page to it. */
export function AgentTable({ agents, search }: { agents: Insights["agents"]; search: InsightsSearch }) {
  const known = useAgents().data ?? [];
  const names = new Map(known.map(({ id, name }) => [id, name]));
  return (
    <FigureTable
      id="by-agent"
      title={insightsText.agents}
      name={insightsText.agent}
      none={insightsText.noAgents}
      rows={busiestFirst(agents).map(({ agentId, ...figures }) => {
        const name = names.get(agentId);
        return {
          key: agentId,
          figures,
          label: (
            <Link to="/insights" search={{ ...search, agent: agentId }} className={table.link}>
              {name === undefined ? insightsText.deletedAgent : <Foreign max={80}>{name}</Foreign>}
            </Link>
          ),
          completed: figures.ended.completed,
          failures: (
            <Link
              to="/"
              search={{ types: "error", agent: agentId }}
              className={styles.link}
              title={insightsText.failuresOf(name ?? agentId)}
            >
              {failuresIn(figures)}
            </Link>
          ),
        };
      })}
    />
  );
}

/** The figures of tasks with each tag; its name narrows the page to it. */
export function TagTable({ tags, search }: { tags: Insights["tags"]; search: InsightsSearch }) {
  return (
    <FigureTable
      id="by-tag"
      title={insightsText.tags}
      name={insightsText.tag}
      none={insightsText.noTags}
      rows={busiestFirst(tags).map(({ tag, ...figures }) => {
        const board = { tag, ...(search.agent ? { agent: search.agent } : {}) };
        return {
          key: tag,
          figures,
          label: (
            <Link to="/insights" search={{ ...search, tag }} className={table.link}>
              <Foreign max={64}>{tag}</Foreign>
            </Link>
          ),
          completed: (
            <Link to="/board" search={board} className={styles.link} title={insightsText.tasksOf(tag)}>
              {figures.ended.completed}
            </Link>
          ),
          failures: failuresIn(figures),
        };
      })}
    />
  );
}

interface Row {
  key: string;
  label: ReactNode;
  completed: ReactNode;
  failures: ReactNode;
  figures: InsightFigures;
}

interface FigureTableProps {
  id: string;
  title: string;
  name: string;
  none: string;
  rows: readonly Row[];
}

function FigureTable({ id, title, name, none, rows }: FigureTableProps) {
  const number = `${table.number} ${table.minor}`;
  return (
    <section className={styles.tables} aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {rows.length === 0 ? (
        <p className={styles.quiet}>{none}</p>
      ) : (
        <div className={table.frame}>
          <table className={table.table}>
            <thead>
              <tr>
                <th>{name}</th>
                <th className={table.number}>{insightsText.completed}</th>
                <th className={table.number}>{insightsText.failed}</th>
                <th className={number}>{insightsText.rate}</th>
                <th className={number}>{insightsText.queued}</th>
                <th className={number}>{insightsText.worked}</th>
                <th className={number}>{insightsText.tokens}</th>
                <th className={table.number}>{insightsText.cost}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map(({ key, label, completed, failures, figures }) => (
                <tr key={key}>
                  <th scope="row">{label}</th>
                  <td className={table.number}>{completed}</td>
                  <td className={table.number}>{failures}</td>
                  <td className={number}>{rateOf(figures)}</td>
                  <td className={number}>{medianOf(figures.queued)}</td>
                  <td className={number}>{medianOf(figures.worked)}</td>
                  <td className={number}>{tokensOf(figures)}</td>
                  <td className={table.number}>{costOf(figures)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function busiestFirst<One extends InsightFigures>(all: readonly One[]): One[] {
  const endsOf = (figures: InsightFigures) => figures.ended.completed + failuresIn(figures);
  return all.toSorted((a, b) => endsOf(b) - endsOf(a));
}
