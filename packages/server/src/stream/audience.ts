import type { EventFilter } from "@mission-control/protocol";
import type { StoredEvent } from "../store/store.ts";
import { filterKey, passes } from "./filter.ts";
import type { Subscriber } from "./subscriber.ts";

/** All subscribers with one filter: what is sent to one is sent to all. */
export interface Group {
  readonly key: string;
  readonly filter: EventFilter;
  readonly subscribers: Set<Subscriber>;
}

/**
 * Who listens, found by what an event is about: an event costs a look at the groups that name its task or agent
 * and at those that name neither, whatever else there is.
 */
export class Audience {
  readonly #groups = new Map<string, Group>();
  readonly #byTask = new Map<string, Set<Group>>();
  readonly #byAgent = new Map<string, Set<Group>>();
  readonly #broad = new Set<Group>();

  add(subscriber: Subscriber): void {
    const key = filterKey(subscriber.filter);
    let group = this.#groups.get(key);
    if (!group) {
      group = { key, filter: subscriber.filter, subscribers: new Set() };
      this.#groups.set(key, group);
      this.#indexOf(group).add(group);
    }
    group.subscribers.add(subscriber);
  }

  remove(subscriber: Subscriber): void {
    const group = this.#groups.get(filterKey(subscriber.filter));
    if (!group?.subscribers.delete(subscriber) || group.subscribers.size > 0) return;
    this.#groups.delete(group.key);
    this.#indexOf(group).delete(group);
    const { taskId, agentId } = group.filter;
    if (taskId !== undefined && this.#byTask.get(taskId)?.size === 0) this.#byTask.delete(taskId);
    else if (agentId !== undefined && this.#byAgent.get(agentId)?.size === 0) this.#byAgent.delete(agentId);
  }

  /** The ids each group is to be sent, in order; groups that none concerns are not named. */
  select(events: readonly StoredEvent[]): Map<Group, number[]> {
    const selected = new Map<Group, number[]>();
    for (const event of events) {
      for (const groups of this.#candidates(event)) {
        for (const group of groups) {
          if (!passes(group.filter, event)) continue;
          const ids = selected.get(group);
          if (ids) ids.push(event.id);
          else selected.set(group, [event.id]);
        }
      }
    }
    return selected;
  }

  *[Symbol.iterator](): Iterator<Subscriber> {
    for (const group of this.#groups.values()) yield* group.subscribers;
  }

  *#candidates({ taskId, agentId }: StoredEvent): Iterable<Set<Group>> {
    yield this.#broad;
    const ofTask = taskId === undefined ? undefined : this.#byTask.get(taskId);
    if (ofTask) yield ofTask;
    const ofAgent = agentId === undefined ? undefined : this.#byAgent.get(agentId);
    if (ofAgent) yield ofAgent;
  }

  /** Where a group is found: by its task, else by its agent, else always looked at. */
  #indexOf({ filter }: Group): Set<Group> {
    if (filter.taskId !== undefined) return entry(this.#byTask, filter.taskId);
    if (filter.agentId !== undefined) return entry(this.#byAgent, filter.agentId);
    return this.#broad;
  }
}

function entry(index: Map<string, Set<Group>>, id: string): Set<Group> {
  const known = index.get(id);
  if (known) return known;
  const groups = new Set<Group>();
  index.set(id, groups);
  return groups;
}
