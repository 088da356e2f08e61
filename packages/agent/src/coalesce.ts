import type { Message } from "./callback.ts";
import type { CallbackBody } from "./wire.ts";

/** What of an entry a callback brings: of which entry, and which of its fields. */
interface Part {
  id: string | undefined;
  fields: readonly string[];
}

/** Read once from each callback: its body is what a spool keeps of it, too. */
const known = new WeakMap<Message, Part | null>();

/**
 * Which of the progress that waits for delivery may be left out, since newer progress says more: of plain progress every
 * second one between the first and the last; of the parts of an entry those between the first, which says where the
 * entry stands, and the later ones that have all their fields. So no entry is lost, nor moved, nor what became of a
 * message of the operator.
 * @param waiting progress in the order in which it is to be sent
 */
export function superseded(waiting: readonly Message[]): Set<Message> {
  const plain: Message[] = [];
  const partsOf = new Map<string, Message[]>();
  for (const message of waiting) {
    const part = partOf(message);
    if (!part) plain.push(message);
    if (part?.id === undefined) continue;
    const parts = partsOf.get(part.id);
    if (parts) parts.push(message);
    else partsOf.set(part.id, [message]);
  }
  const dropped = plain.slice(1, -1).filter((_, index) => index % 2 === 0);
  for (const [, ...later] of partsOf.values()) {
    const newer = new Set<string>();
    for (const message of later.reverse()) {
      const { fields } = partOf(message) as Part;
      if (newer.size > 0 && fields.every((field) => newer.has(field))) dropped.push(message);
      for (const field of fields) newer.add(field);
    }
  }
  return new Set(dropped);
}

function partOf(message: Message): Part | null {
  let part = known.get(message);
  if (part === undefined) {
    part = read(message);
    known.set(message, part);
  }
  return part;
}

function read({ body }: Message): Part | null {
  if (!body.includes('"entry":') && !body.includes('"messageId":')) return null;
  const { entry, data } = JSON.parse(body) as CallbackBody;
  if (data?.messageId !== undefined) return { id: undefined, fields: [] };
  return entry ? { id: entry.id, fields: Object.keys(entry) } : null;
}
