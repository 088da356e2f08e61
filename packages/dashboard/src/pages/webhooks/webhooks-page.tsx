import { webhooksText as text } from "../../text/webhooks-text.ts";
import styles from "../../ui/table.module.css";
import { Callbacks } from "./callbacks.tsx";
import { Deliveries } from "./deliveries.tsx";
import { Endpoints } from "./endpoints.tsx";

/** What is sent to other programs, and what agents' callbacks came to. */
export function WebhooksPage() {
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <p>{text.intro}</p>
      </header>
      <Endpoints />
      <Deliveries />
      <Callbacks />
    </div>
  );
}
