import type { ExchangeDetail } from "@mission-control/protocol";
import { useState } from "react";
import type { ApiCall } from "../../api/client.ts";
import { taskCalls } from "../../api/task-calls.ts";
import { useMission } from "../../app/use-mission.ts";
import { webhooksText } from "../../text/webhooks-text.ts";
import { Button } from "../../ui/button.tsx";
import table from "../../ui/table.module.css";
import { DELIVERIES } from "./use-webhooks.ts";

const words = webhooksText.exchanges;

/** What can be done about a delivery: a webhook is sent again, a dispatch never is, but its task may be dispatched again. */
export function ExchangeActions({ exchange }: { exchange: ExchangeDetail }) {
  const { id, direction, what, result, taskId, agentId } = exchange;
  if (direction === "webhook" && what !== "test") {
    const path = `${DELIVERIES}/${encodeURIComponent(id)}/resend`;
    return <Action call={{ method: "POST", path }} label={webhooksText.resend} done={webhooksText.resent} />;
  }
  if (what !== "dispatch" || result === "ok" || taskId === undefined || agentId === undefined) return null;
  return (
    <>
      <p className={table.quiet}>{words.againHint}</p>
      <Action call={taskCalls.dispatch(taskId, agentId)} label={words.again} done={words.dispatched} />
    </>
  );
}

function Action({ call, label, done }: { call: ApiCall; label: string; done: string }) {
  const { api, queries } = useMission();
  const [told, setTold] = useState<string | null>(null);
  const [isUnderWay, setIsUnderWay] = useState(false);
  const act = () => {
    setTold(null);
    setIsUnderWay(true);
    api
      .call(call)
      .then(() => {
        setTold(done);
        return queries.invalidateQueries({ queryKey: ["webhooks"] });
      })
      .catch((error: Error) => setTold(error.message))
      .finally(() => setIsUnderWay(false));
  };
  return (
    <div className={table.actions}>
      <Button icon="retry" disabled={isUnderWay} onClick={act}>
        {label}
      </Button>
      <span role="status">{told}</span>
    </div>
  );
}
