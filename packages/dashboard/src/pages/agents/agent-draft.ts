import type { AgentView } from "@mission-control/protocol";
import { splitList } from "../../text/split-list.ts";

/** What of an agent is edited, as it stands in a form. */
export interface AgentDraft {
  name: string;
  /** Its URL or, behind a gateway, the name it has there. */
  address: string;
  /** With commas between. */
  capabilities: string;
  concurrency: string;
}

export function agentDraftOf({ name, endpoint, capabilities, concurrency }: AgentView): AgentDraft {
  return {
    name,
    address: endpoint.kind === "http" ? endpoint.url : endpoint.agentId,
    capabilities: capabilities.join(", "),
    concurrency: String(concurrency),
  };
}

/**
 * Of an agent's fields, those that were written otherwise than they stood when the form was opened, as the server takes
 * them: an agent may register anew meanwhile, at another address.
 * @param endpoint where the agent is reached now: what is hidden of it is kept
 */
export function changedAgent(before: AgentDraft, draft: AgentDraft, endpoint: AgentView["endpoint"]): object {
  const address = draft.address.trim();
  const moved = endpoint.kind === "http" ? { ...endpoint, url: address } : { ...endpoint, agentId: address };
  return {
    ...(draft.name === before.name ? {} : { name: draft.name }),
    ...(draft.capabilities === before.capabilities ? {} : { capabilities: splitList(draft.capabilities) }),
    ...(draft.concurrency === before.concurrency ? {} : { concurrency: Number(draft.concurrency) }),
    ...(address === before.address ? {} : { endpoint: moved }),
  };
}
