import type { GatewayView } from "@mission-control/protocol";
import { gatewaysText } from "../../text/gateways-text.ts";
import { CodeBlock } from "../../ui/code-block.tsx";
import type { Tone } from "../../ui/state.tsx";
import styles from "../../ui/table.module.css";

export const GATEWAY_TONE: Record<GatewayView["state"], Tone> = {
  connecting: "waiting",
  connected: "good",
  disconnected: "bad",
  pairing_required: "attention",
};

interface PairingProps {
  deviceId: string | null;
  /** The server's words, which name the command with the gateway's own number of the request where it gave one. */
  error: string | null;
}

/** What pairing is and how it is done. */
export function Pairing({ deviceId, error }: PairingProps) {
  const [command] = /openclaw devices approve [\w-]+/.exec(error ?? "") ?? [];
  return (
    <div className={styles.section}>
      <span className={styles.under}>{gatewaysText.pairing}</span>
      <CodeBlock>{command ?? `openclaw devices approve ${deviceId ?? "DEVICE_ID"}`}</CodeBlock>
    </div>
  );
}
