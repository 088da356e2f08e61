import type { JsonObject } from "@mission-control/protocol";
import type { Logger } from "../../logger.ts";
import type { AskingKind } from "./asking.ts";
import { execApprovals } from "./exec-approvals.ts";
import { asObjects, asText } from "./frames.ts";
import type { GatewayConnection } from "./gateway-connection.ts";
import type { OpenClawRun } from "./openclaw-run.ts";
import { questions } from "./questions.ts";

const KINDS: readonly AskingKind[] = [execApprovals, questions];

/** The kind of a question of a gateway; undefined for an agent's own. */
export function kindOf(requestId: string): AskingKind | undefined {
  return KINDS.find(({ prefix }) => requestId.startsWith(prefix));
}

export interface GatewayQuestionsOptions {
  /** The runs on the gateway that are watched here. */
  runs(): Iterable<OpenClawRun>;
  logger: Logger;
  gatewayId: string;
}

/** Brings what one gateway asks to the runs that it asks for. */
export class GatewayQuestions {
  readonly #options: GatewayQuestionsOptions;

  constructor(options: GatewayQuestionsOptions) {
    this.#options = options;
  }

  /** Takes any event of the gateway. */
  onEvent(event: string, payload: JsonObject): void {
    for (const kind of KINDS) {
      if (event === kind.requestedEvent) this.#asked(kind, payload);
      const id = event === kind.resolvedEvent && asText(payload.id);
      if (id) this.#settled(`${kind.prefix}${id}`);
    }
  }

  /** Reads what the gateway asks now: what was asked, or settled, while there was no connection, was not seen here. */
  async read(connection: GatewayConnection): Promise<void> {
    for (const kind of KINDS) {
      if (!kind.isGranted(connection.hello.scopes)) continue;
      const before = [...this.#options.runs()].flatMap((run) => [...run.asked]);
      try {
        const { [kind.list.field]: list } = await connection.request(kind.list.method, {});
        const asked = asObjects(list);
        const now = new Set(asked.map(({ id }) => `${kind.prefix}${String(id)}`));
        for (const payload of asked) this.#asked(kind, payload);
        for (const id of before) {
          if (id.startsWith(kind.prefix) && !now.has(id)) this.#settled(id);
        }
      } catch (error) {
        const { logger, gatewayId } = this.#options;
        logger.debug({ err: error, gatewayId }, "what a gateway asks could not be read");
      }
    }
  }

  #asked(kind: AskingKind, payload: JsonObject): void {
    for (const run of this.#options.runs()) run.onAsked(kind, payload);
  }

  #settled(requestId: string): void {
    for (const run of this.#options.runs()) run.onSettled(requestId);
  }
}
