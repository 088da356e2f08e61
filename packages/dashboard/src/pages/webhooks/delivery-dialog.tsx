import type { DeliveryDetail, DeliveryTry } from "@mission-control/protocol";
import { useState } from "react";
import { useMission } from "../../app/use-mission.ts";
import { text as common } from "../../text/text.ts";
import { webhooksText as text } from "../../text/webhooks-text.ts";
import { Button } from "../../ui/button.tsx";
import { CodeBlock } from "../../ui/code-block.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { Foreign } from "../../ui/foreign.tsx";
import { Failure, Skeleton } from "../../ui/page-state.tsx";
import styles from "../../ui/table.module.css";
import { Moment } from "../../ui/time.tsx";
import { DELIVERIES, useDelivery } from "./use-webhooks.ts";
import local from "./webhooks.module.css";

/** One delivery: what is sent, and what came of each try. */
export function DeliveryDialog({ id, onClose }: { id: string; onClose(): void }) {
  const delivery = useDelivery(id);
  return (
    <Dialog title={id} wide onClose={onClose}>
      {delivery.data ? (
        <Detail delivery={delivery.data} onClose={onClose} />
      ) : delivery.error ? (
        <Failure error={delivery.error} retry={() => void delivery.refetch()} />
      ) : (
        <Skeleton lines={4} />
      )}
    </Dialog>
  );
}

function Detail({ delivery, onClose }: { delivery: DeliveryDetail; onClose(): void }) {
  const { api, queries } = useMission();
  const [told, setTold] = useState<string | null>(null);
  const { id, eventId, request, tries } = delivery;
  const resend = () => {
    setTold(null);
    api
      .call({ method: "POST", path: `${DELIVERIES}/${encodeURIComponent(id)}/resend` })
      .then(() => {
        setTold(text.resent);
        return queries.invalidateQueries({ queryKey: ["webhooks"] });
      })
      .catch((error: Error) => setTold(error.message));
  };
  return (
    <>
      <h3>{text.tries}</h3>
      <ol className={local.tries}>
        {tries.map((made) => (
          <Try key={made.at} made={made} />
        ))}
      </ol>
      <h3>{text.request}</h3>
      <p className={styles.quiet}>
        <Foreign max={2_048}>{`POST ${request.url}`}</Foreign>
      </p>
      {request.body === null ? (
        <p>{text.gone}</p>
      ) : (
        <CodeBlock foreign label={text.request}>
          {request.body}
        </CodeBlock>
      )}
      <p role="status">{told}</p>
      <DialogActions>
        <Button onClick={onClose}>{common.close}</Button>
        {eventId === null ? null : (
          <Button kind="primary" icon="retry" onClick={resend}>
            {text.resend}
          </Button>
        )}
      </DialogActions>
    </>
  );
}

function Try({ made: { at, durationMs, status, error, response } }: { made: DeliveryTry }) {
  return (
    <li>
      <p>
        <Moment at={at} /> · {text.took(durationMs)}
        {status === undefined ? "" : ` · HTTP ${status}`}
      </p>
      {error === undefined ? null : (
        <p className={styles.bad}>
          <Foreign max={600}>{error}</Foreign>
        </p>
      )}
      {response === undefined ? null : (
        <CodeBlock foreign label={text.answer}>
          {response}
        </CodeBlock>
      )}
    </li>
  );
}
