import type { JsonObject, PermissionRequest } from "@mission-control/protocol";
import type { PermissionAnswer } from "../gateway.ts";
import type { GatewayConnection } from "./gateway-connection.ts";

/** What a gateway asks people for one of its sessions. */
export interface Asked {
  sessionKey: string;
  request: PermissionRequest;
}

/** One kind of thing that gateways ask people: how one learns of it, reads it and answers it. */
export interface AskingKind {
  /** Begins the ids of its requests here, and no other ones. */
  readonly prefix: string;
  /** The events by which a gateway asks, and says that nobody need answer any more. */
  readonly requestedEvent: string;
  readonly resolvedEvent: string;
  /** The method that lists what is asked now, and the field of its answer that has the list. */
  readonly list: { method: string; field: string };
  /** Whether a connection with these scopes may read and answer it. */
  isGranted(scopes: readonly string[]): boolean;
  /**
   * Reads what a gateway asks, from the event or the list; null where it is about no session.
   * @param redact takes what is secret out of a text
   */
  read(payload: JsonObject, redact: (text: string) => string): Asked | null;
  /**
   * Gives the gateway the operator's answer. The same answer may be given again after a crash.
   * @throws AnswerRefusedError where it was answered otherwise, or is not asked any more; any other error: it could not
   *   be given now
   */
  answer(connection: GatewayConnection, answer: PermissionAnswer, signal: AbortSignal): Promise<void>;
}
