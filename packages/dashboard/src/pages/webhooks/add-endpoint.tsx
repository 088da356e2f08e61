import type { WebhookEndpointView } from "@mission-control/protocol";
import { useState } from "react";
import { useMission } from "../../app/use-mission.ts";
import { webhooksText as text } from "../../text/webhooks-text.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { bodyOf, newEntries } from "./endpoint-entries.ts";
import { EndpointForm } from "./endpoint-form.tsx";
import { Secret } from "./secret.tsx";
import { ENDPOINTS } from "./use-webhooks.ts";

/** Adds an endpoint, and shows its secret. */
export function AddEndpoint({ onClose }: { onClose(): void }) {
  const { api, queries } = useMission();
  const [entries, setEntries] = useState(newEntries);
  const [secret, setSecret] = useState<string | null>(null);
  if (secret !== null) return <Secret secret={secret} hint={text.secretHint} onClose={onClose} />;
  async function add() {
    const call = { method: "POST", path: ENDPOINTS, body: bodyOf(entries) } as const;
    const added = await api.call<WebhookEndpointView & { secret: string }>(call);
    void queries.invalidateQueries({ queryKey: ["webhooks"] });
    setSecret(added.secret);
  }
  return (
    <Dialog title={text.add} description={text.formHint} onClose={onClose}>
      <EndpointForm
        entries={entries}
        onChange={setEntries}
        action={text.add}
        onSubmit={add}
        onClose={onClose}
      />
    </Dialog>
  );
}
