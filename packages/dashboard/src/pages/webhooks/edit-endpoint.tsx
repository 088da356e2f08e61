import type { WebhookEndpointView } from "@mission-control/protocol";
import { useState } from "react";
import { ApiError } from "../../api/api-error.ts";
import { useMission } from "../../app/use-mission.ts";
import { text as common } from "../../text/text.ts";
import { webhooksText as text } from "../../text/webhooks-text.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { changesOf, entriesOf, rebased } from "./endpoint-entries.ts";
import { EndpointForm } from "./endpoint-form.tsx";
import { ENDPOINTS } from "./use-webhooks.ts";

/** Changes what an endpoint gets, when and where. Only what was changed is sent, and only where it is as it was seen. */
export function EditEndpoint({ endpoint, onClose }: { endpoint: WebhookEndpointView; onClose(): void }) {
  const { api, queries } = useMission();
  const [seen, setSeen] = useState(endpoint);
  const [entries, setEntries] = useState(() => entriesOf(endpoint));
  const path = `${ENDPOINTS}/${encodeURIComponent(endpoint.id)}`;
  async function save() {
    const body = changesOf(entriesOf(seen), entries);
    if (Object.keys(body).length === 0) return onClose();
    try {
      await api.call({ method: "PATCH", path, body, headers: { "If-Match": `"${seen.updatedAt}"` } });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 412) throw error;
      const now = await api.get<WebhookEndpointView>(path);
      setEntries(rebased(entriesOf(seen), entries, entriesOf(now)));
      setSeen(now);
      throw new Error(text.editedMeanwhile);
    }
    await queries.invalidateQueries({ queryKey: ["webhooks"] });
    onClose();
  }
  return (
    <Dialog
      title={text.editTitle(endpoint.description ?? endpoint.url)}
      description={text.editHint}
      onClose={onClose}
    >
      <EndpointForm
        entries={entries}
        hasTokens={seen.format === "slack_app"}
        onChange={setEntries}
        action={common.save}
        onSubmit={save}
        onClose={onClose}
      />
    </Dialog>
  );
}
