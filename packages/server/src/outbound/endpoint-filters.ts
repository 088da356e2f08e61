import type { PatchWebhook } from "@mission-control/protocol";
import type { WebhookRecord } from "../store/records.ts";

type ListFilters = Pick<WebhookRecord, "agentId" | "agentIds" | "tag" | "tags">;

/** The agents whose events an endpoint gets; undefined where it gets those of all, and of none. */
export function agentsOf({ agentId, agentIds }: ListFilters): string[] | undefined {
  return agentIds ?? (agentId === undefined ? undefined : [agentId]);
}

/** The tags any of which a task has to have; undefined where that does not matter. */
export function tagsOf({ tag, tags }: ListFilters): string[] | undefined {
  return tags ?? (tag === undefined ? undefined : [tag]);
}

/**
 * The filters by agent and tag as they are kept, with what is given in place of what there was. One alone is kept as it
 * always was: a node of an earlier version beside this one lets no more through.
 */
export function listFilters(
  before: ListFilters,
  given: Pick<PatchWebhook, "agentId" | "agentIds" | "tag" | "tags">,
): ListFilters {
  const [agentId, ...otherAgents] = chosen(agentsOf(before), given.agentId, given.agentIds);
  const [tag, ...otherTags] = chosen(tagsOf(before), given.tag, given.tags);
  return {
    ...(agentId === undefined
      ? {}
      : otherAgents.length === 0
        ? { agentId }
        : { agentIds: [agentId, ...otherAgents] }),
    ...(tag === undefined ? {} : otherTags.length === 0 ? { tag } : { tags: [tag, ...otherTags] }),
  };
}

function chosen(
  before: readonly string[] = [],
  one: string | null | undefined,
  list: readonly string[] | null | undefined,
): readonly string[] {
  if (list !== undefined) return list ?? [];
  if (one !== undefined) return one === null ? [] : [one];
  return before;
}
