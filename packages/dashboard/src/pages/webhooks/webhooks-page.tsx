import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { webhooksText } from "../../text/webhooks-text.ts";
import table from "../../ui/table.module.css";
import { Callbacks } from "./callbacks.tsx";
import { Endpoints } from "./endpoints.tsx";
import { ExchangeFilters } from "./exchange-filters.tsx";
import { ExchangeList, type ExchangeListProps } from "./exchange-list.tsx";
import { ExchangePanel } from "./exchange-panel.tsx";
import styles from "./exchanges.module.css";
import { type ExchangeFilter, useExchanges } from "./use-exchanges.ts";
import { WEBHOOK_TABS } from "./webhooks-search.ts";

const words = webhooksText.exchanges;
const REFUSED: ExchangeFilter = { direction: "callback", result: "refused" };

/** Everything that was sent and answered, what was refused, and the programs that events are sent to. */
export function WebhooksPage() {
  const search = useSearch({ from: "/webhooks" });
  const navigate = useNavigate({ from: "/webhooks" });
  const { tab = "deliveries", delivery } = search;
  const close = () => void navigate({ search: ({ delivery: _, ...now }) => now });
  return (
    <div className={styles.page}>
      <nav className={styles.tabs} aria-label={webhooksText.tabs.label}>
        {WEBHOOK_TABS.map((one) => (
          <Link
            key={one}
            to="/webhooks"
            search={one === "deliveries" ? {} : { tab: one }}
            activeOptions={{ exact: true }}
            aria-current={one === tab ? "page" : undefined}
          >
            {webhooksText.tabs[one]}
          </Link>
        ))}
      </nav>
      <div className={styles.split} data-panel={delivery !== undefined}>
        {tab === "deliveries" ? <Deliveries /> : null}
        {tab === "refused" ? <Refused /> : null}
        {tab === "endpoints" ? (
          <div className={table.page}>
            <header className={table.head}>
              <p>{webhooksText.intro}</p>
            </header>
            <Endpoints />
          </div>
        ) : null}
        {delivery === undefined ? null : <ExchangePanel key={delivery} id={delivery} onClose={close} />}
      </div>
    </div>
  );
}

function Deliveries() {
  const { tab: _, delivery, ...filter } = useSearch({ from: "/webhooks" });
  const isFiltered = Object.keys(filter).length > 0;
  const none = isFiltered
    ? { title: words.noneFound, hint: words.noneFoundHint }
    : { title: words.none, hint: words.noneHint };
  return (
    <div className={styles.content}>
      <ExchangeFilters filter={filter} />
      <p className={styles.hint}>{words.intro}</p>
      <Found key={JSON.stringify(filter)} filter={filter} selected={delivery} none={none} />
    </div>
  );
}

interface FoundProps extends Omit<ExchangeListProps, "view"> {
  /** The same for as long as it is there. */
  filter: ExchangeFilter;
}

function Found({ filter, ...list }: FoundProps) {
  return <ExchangeList view={useExchanges(filter)} {...list} />;
}

function Refused() {
  const { delivery } = useSearch({ from: "/webhooks" });
  return (
    <div className={styles.content}>
      <p className={styles.hint}>{words.refusedIntro}</p>
      <Found
        filter={REFUSED}
        selected={delivery}
        none={{ title: words.noneRefused, hint: words.noneRefusedHint }}
      />
      <details className={styles.counts}>
        <summary>{words.counts}</summary>
        <Callbacks />
      </details>
    </div>
  );
}
