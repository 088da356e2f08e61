import type { IncomingMessage, ServerResponse } from "node:http";
import { readNodeRequest, readRequest, sendNodeResponse, toResponse } from "./http.ts";
import type { MessageReply } from "./messages.ts";
import { Receiver } from "./receiver.ts";
import type { ReporterOptions } from "./reporter.ts";
import type { DispatchHandler } from "./run.ts";
import type { AgentMessage, Dispatch, FormValues } from "./wire.ts";

/** What an HTTP agent is made of. */
export interface AgentServerOptions {
  /** The agent's secret (`whsec_…`), shown once when it was created; several while it is being changed. */
  secret: string | readonly string[];
  /** Does the work. What it returns completes the task, what it throws fails it. */
  onDispatch: DispatchHandler;
  /** Called when the operator cancels, after the run's signal was aborted. */
  onCancel?: ((dispatch: Dispatch) => void) | undefined;
  /**
   * Called with the operator's answer to a request that `context.ask` does not wait for; false: no such request. The
   * option is empty where a form alone was asked for.
   */
  onPermissionAnswer?:
    | ((dispatch: Dispatch, requestId: string, optionId: string, values?: FormValues) => boolean)
    | undefined;
  /**
   * Takes what the operator writes to a dispatch being worked on, each message once; see `RunContext.onMessage`, which
   * goes before it. Without either, messages are refused.
   */
  onMessage?:
    | ((
        dispatch: Dispatch,
        message: AgentMessage,
      ) => MessageReply | Promise<MessageReply> | Promise<void> | void)
    | undefined;
  /** Says why a dispatch cannot be taken, or nothing when it can. */
  refuse?: ((dispatch: Dispatch) => string | undefined) | undefined;
  /** Settings for the reporters of the runs. */
  reporter?:
    | Omit<ReporterOptions, "dispatch" | "url" | "secret" | "taskId" | "agentId" | "signal">
    | undefined;
  /** The largest body taken, in bytes. Default 8 MiB: messages come with their files. */
  maxBodyBytes?: number | undefined;
}

/** The receiving side of an HTTP agent. Mount either handler at the URL the agent is registered with. */
export interface AgentServer {
  /** For `node:http`: `createServer(agent.handler)`. */
  handler(request: IncomingMessage, response: ServerResponse): void;
  /** For everything that speaks Fetch: Hono, Bun, Deno, edge functions. */
  fetch(request: Request): Promise<Response>;
  /** Ids of the dispatches being worked on. */
  readonly running: string[];
  /**
   * Takes nothing more, aborts the runs' signals and waits until they have ended and reported. When `signal` is
   * aborted, what is not delivered by then stays in the spool.
   */
  close(signal?: AbortSignal): Promise<void>;
}

const DEFAULT_MAX_BODY_BYTES = 8 * 1024 * 1024;

/**
 * Makes an HTTP agent of a function: verifies every request over its raw bytes (Standard Webhooks), runs each
 * dispatch once however often it is sent, answers at once and lets the handler work on.
 * @throws InvalidSecretError
 */
export function createAgentServer(options: AgentServerOptions): AgentServer {
  const receiver = new Receiver(options);
  const limit = options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES;
  return {
    handler(request, response) {
      readNodeRequest(request, limit)
        .then((delivery) => receiver.receive(delivery))
        .then(
          (answer) => sendNodeResponse(response, answer),
          () => response.destroy(),
        );
    },
    async fetch(request) {
      return toResponse(await receiver.receive(await readRequest(request, limit)));
    },
    get running() {
      return receiver.running;
    },
    close: (signal) => receiver.close(signal),
  };
}
