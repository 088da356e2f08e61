import { type ConnectionOptions, GatewayConnection } from "./gateway-connection.ts";
import { ConnectError } from "./gateway-errors.ts";
import type { Offer } from "./handshake.ts";

/** A connection, and what of it was asked for and not granted. */
export interface Connected {
  connection: GatewayConnection;
  /** What does not work on it and what the operator can do, in words; null when everything was granted. */
  limitation: string | null;
}

/**
 * Connects with the most a gateway grants: protocol 4, or else 3; with the right to approve commands, where that is
 * wanted, with that to answer what agents ask, with that to have commands approved, or else without the one that is refused;
 * with the device's own token, or else, where that is not taken
 * any more, with the shared one alone.
 * @throws ConnectError with a sentence for the operator
 */
export async function connectToGateway(options: ConnectionOptions, signal: AbortSignal): Promise<Connected> {
  let offer: Offer = {
    protocol: 4,
    approvals: true,
    questions: true,
    reviewer: options.answersApprovals ?? false,
  };
  let limitation: string | null = null;
  for (;;) {
    try {
      return { connection: await GatewayConnection.open(options, offer, signal), limitation };
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      if (error.code === "protocol_mismatch" && offer.protocol === 4) {
        offer = { ...offer, protocol: 3 };
      } else if (error.scopesRefused && offer.reviewer) {
        offer = { ...offer, reviewer: false };
        limitation = `What this gateway asks before it runs a command cannot be answered here. ${error.message}`;
      } else if (error.scopesRefused && offer.questions) {
        offer = { ...offer, questions: false };
        limitation = `What agents on this gateway ask people to decide cannot be answered here. ${error.message}`;
      } else if (error.scopesRefused && offer.approvals) {
        offer = { ...offer, approvals: false };
        limitation = `Commands that need an approval on this gateway fail there. ${error.message}`;
      } else if (error.code === "token_refused" && options.deviceToken?.read() !== undefined) {
        options.deviceToken.forget();
      } else {
        throw error;
      }
    }
  }
}
