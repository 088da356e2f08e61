import { CommandError } from "../terminal/command-error.ts";

const HOW_TO_ADD = {
  budget: "set one with mission-control budgets add",
  agent: "run one with mission-control agent, or add one with mission-control agents add",
  gateway: "add one with mission-control gateways add",
  webhook: "add one with mission-control webhooks add",
} as const;

/**
 * The one of this id or, where it is the only one of it, name.
 * @param kind what they are, as `mission-control` calls them in the singular
 * @throws CommandError that says which there are
 */
export function findByName<Named extends { id: string; name: string }>(
  kind: keyof typeof HOW_TO_ADD,
  all: readonly Named[],
  idOrName: string,
): Named {
  const byId = all.find(({ id }) => id === idOrName);
  if (byId) return byId;
  const [found, ...others] = all.filter(({ name }) => name === idOrName);
  if (!found) {
    const known = all.map(({ name }) => name).join(", ") || `none yet: ${HOW_TO_ADD[kind]}`;
    throw new CommandError(`There is no ${kind} "${idOrName}"; known: ${known}.`);
  }
  if (others.length > 0) {
    const ids = [found, ...others].map(({ id }) => id).join(", ");
    throw new CommandError(`Several ${kind}s are named "${idOrName}": give the id of one, ${ids}.`);
  }
  return found;
}
