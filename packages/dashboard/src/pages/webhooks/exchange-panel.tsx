import type { ExchangeDetail, ExchangeTry } from "@mission-control/protocol";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";
import { ApiError } from "../../api/api-error.ts";
import { useAgents } from "../../app/use-agents.ts";
import { formatDuration } from "../../text/duration.ts";
import { formatSize } from "../../text/size.ts";
import { text as common } from "../../text/text.ts";
import { webhooksText } from "../../text/webhooks-text.ts";
import { IconButton } from "../../ui/button.tsx";
import { CodeBlock } from "../../ui/code-block.tsx";
import { Foreign } from "../../ui/foreign.tsx";
import { Empty, Failure, Skeleton } from "../../ui/page-state.tsx";
import { Badge } from "../../ui/state.tsx";
import table from "../../ui/table.module.css";
import { Moment } from "../../ui/time.tsx";
import { usePanelFocus } from "../../ui/use-panel-focus.ts";
import { useTaskTitle } from "../../ui/use-task-title.ts";
import { ExchangeActions } from "./exchange-actions.tsx";
import { RESULT_TONE, whatOf } from "./exchange-words.ts";
import styles from "./exchanges.module.css";
import { useExchange } from "./use-exchanges.ts";

const words = webhooksText.exchanges;

/** Everything about one delivery, beside the list. */
export function ExchangePanel({ id, onClose }: { id: string; onClose(): void }) {
  const panel = usePanelFocus(`[data-row="${CSS.escape(id)}"]`);
  const exchange = useExchange(id);
  const isGone = exchange.error instanceof ApiError && exchange.error.status === 404;
  useEffect(() => {
    const onKey = ({ key, defaultPrevented }: KeyboardEvent) => {
      if (key === "Escape" && !defaultPrevented) onClose();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [onClose]);
  const title = words.detail(exchange.data ? whatOf(exchange.data) : id);
  return (
    <aside ref={panel} tabIndex={-1} className={table.panel} aria-label={title}>
      <header className={table.panelHead}>
        <h2>
          <Foreign max={120}>{title}</Foreign>
        </h2>
        <IconButton icon="close" label={common.close} onClick={onClose} />
      </header>
      {exchange.data ? (
        <Detail exchange={exchange.data} />
      ) : isGone ? (
        <Empty icon="search" title={words.noExchange} />
      ) : exchange.error ? (
        <Failure error={exchange.error} retry={() => void exchange.refetch()} />
      ) : (
        <Skeleton />
      )}
    </aside>
  );
}

function Detail({ exchange }: { exchange: ExchangeDetail }) {
  const { direction, tries, reason, request, event } = exchange;
  return (
    <div className={`${table.panelBody} ${styles.detail}`}>
      <Facts exchange={exchange} />
      {reason === undefined ? null : (
        <Section title={words.why}>
          <p>
            <Foreign max={2_000}>{reason}</Foreign>
          </p>
        </Section>
      )}
      <ExchangeActions exchange={exchange} />
      {tries.length === 0 ? null : (
        <Section title={words.tries}>
          <ol className={styles.tries}>
            {tries.map((made) => (
              <Try key={made.at} made={made} />
            ))}
          </ol>
        </Section>
      )}
      {request ? (
        <Section title={direction === "callback" ? words.received : words.request}>
          <p className={table.quiet}>
            <Foreign max={2_048}>{`${request.method} ${request.url}`}</Foreign>
          </p>
          <Headers headers={request.headers} label={words.headers} />
          <Body body={request.body} bytes={request.bodyBytes} />
        </Section>
      ) : null}
      {event ? (
        <Section title={words.said}>
          <p className={table.quiet}>{words.saidHint}</p>
          <CodeBlock foreign label={words.said}>
            {JSON.stringify(event, null, 2)}
          </CodeBlock>
        </Section>
      ) : null}
      {direction === "dispatch" && !request ? <p className={table.quiet}>{words.ofGateway}</p> : null}
    </div>
  );
}

function Facts({ exchange }: { exchange: ExchangeDetail }) {
  const { id, direction, at, result, status, durationMs, agentId, taskId, dispatchId } = exchange;
  const { eventId, address, isVerified } = exchange;
  const agents = useAgents();
  const title = useTaskTitle(taskId);
  const agent = agents.data?.find((one) => one.id === agentId)?.name;
  return (
    <dl className={table.facts}>
      <Fact name={words.direction}>{words.ways[direction]}</Fact>
      <Fact name={words.result}>
        <Badge tone={RESULT_TONE[result]}>{words.results[result]}</Badge>
      </Fact>
      <Fact name={words.at}>
        <Moment at={at} />
      </Fact>
      {status === undefined ? null : <Fact name={words.status}>{status}</Fact>}
      {durationMs === undefined ? null : <Fact name={words.duration}>{formatDuration(durationMs)}</Fact>}
      {agentId === undefined ? null : (
        <Fact name={words.agent}>
          <Link to="/agents" search={{ agent: agentId }} className={table.accent}>
            <Foreign max={80}>{agent ?? agentId}</Foreign>
          </Link>
        </Fact>
      )}
      {taskId === undefined ? null : (
        <Fact name={words.task}>
          <Link to="/tasks/$taskId" params={{ taskId }} className={table.accent}>
            <Foreign max={200}>{title ?? taskId}</Foreign>
          </Link>
        </Fact>
      )}
      {dispatchId === undefined ? null : (
        <Fact name={words.attempt}>
          <code>{dispatchId}</code>
          <span className={table.under}>
            <Link to="/webhooks" search={{ attempt: dispatchId }} className={table.accent}>
              {words.ofThisAttempt}
            </Link>
          </span>
        </Fact>
      )}
      {address === undefined ? null : (
        <Fact name={words.address}>
          <code>{address}</code>
        </Fact>
      )}
      {isVerified === undefined ? null : (
        <Fact name={words.signature}>{isVerified ? words.verified : words.unverified}</Fact>
      )}
      {eventId === undefined ? null : (
        <Fact name={words.event}>
          <Link to="/" search={{ event: eventId }} className={table.accent}>
            {eventId}
          </Link>
        </Fact>
      )}
      <Fact name={words.id}>
        <code>{id}</code>
      </Fact>
    </dl>
  );
}

function Try({ made: { at, durationMs, status, error, headers, response } }: { made: ExchangeTry }) {
  return (
    <li>
      <p>
        <Moment at={at} /> · {formatDuration(durationMs)}
        {status === undefined ? "" : ` · HTTP ${status}`}
      </p>
      {error === undefined ? null : (
        <p className={table.bad}>
          <Foreign max={600}>{error}</Foreign>
        </p>
      )}
      {headers === undefined ? null : <Headers headers={headers} label={words.answerHeaders} />}
      {response === undefined ? null : (
        <CodeBlock foreign label={webhooksText.answer}>
          {response}
        </CodeBlock>
      )}
    </li>
  );
}

function Headers({ headers, label }: { headers: Readonly<Record<string, string>>; label: string }) {
  const all = Object.entries(headers);
  if (all.length === 0) return null;
  return (
    <details>
      <summary>
        {label} ({all.length})
      </summary>
      <dl className={styles.headers}>
        {all.map(([name, value]) => (
          <div key={name}>
            <dt>
              <Foreign max={100}>{name}</Foreign>
            </dt>
            <dd>
              <Foreign max={400}>{value}</Foreign>
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

function Body({ body, bytes }: { body: string | null; bytes: number | undefined }) {
  if (body === null) return <p className={table.quiet}>{words.bodyGone}</p>;
  if (body === "") return null;
  const kept = new TextEncoder().encode(body).length;
  return (
    <>
      <CodeBlock foreign label={words.body}>
        {body}
      </CodeBlock>
      {bytes !== undefined && bytes > kept ? (
        <p className={table.quiet}>{words.firstOf(formatSize(kept), formatSize(bytes))}</p>
      ) : null}
    </>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={table.section}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
