import type { EventFilter } from "@mission-control/protocol";
import { filterKey, passes, type Subject } from "./filter.ts";
import { Cohort, type Subscriber } from "./subscriber.ts";

/** Writing to so many sockets takes well under a millisecond. */
const COHORT_SIZE = 64;

/** All subscribers with one filter. */
interface Group {
  readonly filter: EventFilter;
  readonly cohorts: Set<Cohort>;
}

/**
 * Who listens, found by what an event is about: an event costs a look at the filters that name its task or agent
 * and at those that name neither, whatever else there is.
 */
export class Audience {
  readonly #groups = new Map<string, Group>();
  readonly #byTask = new Map<string, Set<Group>>();
  readonly #byAgent = new Map<string, Set<Group>>();
  readonly #broad = new Set<Group>();

  /** How many filters somebody listens with now. */
  get filters(): number {
    return this.#groups.size;
  }

  /** Whether somebody listens with this filter. */
  has(filter: EventFilter): boolean {
    return this.#groups.has(filterKey(filter));
  }

  /** The cohort for one more subscriber with a filter. */
  cohortFor(filter: EventFilter): Cohort {
    const key = filterKey(filter);
    let group = this.#groups.get(key);
    if (!group) {
      group = { filter, cohorts: new Set() };
      this.#groups.set(key, group);
      this.#indexOf(group).add(group);
    }
    for (const cohort of group.cohorts) if (cohort.subscribers.size < COHORT_SIZE) return cohort;
    const cohort = new Cohort(key);
    group.cohorts.add(cohort);
    return cohort;
  }

  /** Forgets a subscriber, and its cohort and filter with the last one. */
  leave(subscriber: Subscriber): void {
    const { cohort } = subscriber;
    if (!cohort.subscribers.delete(subscriber) || cohort.subscribers.size > 0) return;
    const group = this.#groups.get(cohort.key);
    group?.cohorts.delete(cohort);
    if (!group || group.cohorts.size > 0) return;
    this.#groups.delete(cohort.key);
    this.#indexOf(group).delete(group);
    const { taskId, agentId } = group.filter;
    if (taskId !== undefined && this.#byTask.get(taskId)?.size === 0) this.#byTask.delete(taskId);
    else if (agentId !== undefined && this.#byAgent.get(agentId)?.size === 0) this.#byAgent.delete(agentId);
  }

  /** Calls with each cohort that an event is for. */
  visit(event: Subject, visitor: (cohort: Cohort) => void): void {
    const { taskId, agentId } = event;
    visitGroups(this.#broad, event, visitor);
    if (taskId !== undefined) visitGroups(this.#byTask.get(taskId), event, visitor);
    if (agentId !== undefined) visitGroups(this.#byAgent.get(agentId), event, visitor);
  }

  /** Where a group is found: by its task, else by its agent, else always looked at. */
  #indexOf({ filter }: Group): Set<Group> {
    if (filter.taskId !== undefined) return entry(this.#byTask, filter.taskId);
    if (filter.agentId !== undefined) return entry(this.#byAgent, filter.agentId);
    return this.#broad;
  }
}

/** Calls with each cohort of those groups whose filter an event passes. */
function visitGroups(
  groups: ReadonlySet<Group> | undefined,
  event: Subject,
  visitor: (cohort: Cohort) => void,
): void {
  if (!groups) return;
  for (const { filter, cohorts } of groups) if (passes(filter, event)) cohorts.forEach(visitor);
}

function entry(index: Map<string, Set<Group>>, id: string): Set<Group> {
  const known = index.get(id);
  if (known) return known;
  const groups = new Set<Group>();
  index.set(id, groups);
  return groups;
}
