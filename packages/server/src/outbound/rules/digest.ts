import { type JsonObject, type LogEvent, type NoticeKind, noticeKindSchema } from "@mission-control/protocol";
import { z } from "zod";
import type { Store } from "../../store/store.ts";
import type { Task } from "../../tasks/task.ts";
import type { Notice } from "../notice.ts";
import { clipped } from "../notice-format.ts";

/** So many notices are told of one by one; of the others how many there were. */
const ITEMS = 50;
/** Of a notice's title, and of all their lines together: a service takes no longer text than 2,000, in UTF-16 units. */
const TITLE_LENGTH = 150;
const TEXT_LENGTH = 1600;

const itemSchema = z.object({
  kind: noticeKindSchema,
  title: z.string(),
  taskId: z.string(),
  link: z.string(),
  /** Of a question, and of an answer that did not arrive; empty for others. */
  requestId: z.string(),
});
const countsSchema = z.partialRecord(noticeKindSchema, z.number());
const digestSchema = z.object({
  change: z.literal("digest"),
  counts: countsSchema,
  items: z.array(itemSchema),
});

type DigestItem = z.infer<typeof itemSchema>;

/** What was held back of notices, to be told in one message. */
export interface Digest {
  /** How many of each kind. */
  counts: Partial<Record<NoticeKind, number>>;
  /** The first of them, in their order. */
  items: DigestItem[];
}

export const EMPTY: Digest = { counts: {}, items: [] };

/** A digest with one more notice. @param requestId what a question, or an answer, is about */
export function withNotice(
  { counts, items }: Digest,
  { kind, title, link }: Notice & { kind: NoticeKind },
  { taskId = "", requestId = "" }: { taskId?: string | undefined; requestId?: string | undefined },
): Digest {
  const item = { kind, title: clipped(title, TITLE_LENGTH), taskId, link: link ?? "", requestId };
  return {
    counts: { ...counts, [kind]: (counts[kind] ?? 0) + 1 },
    items: items.length < ITEMS ? [...items, item] : items,
  };
}

/** A digest in the place of an event, as it is kept with its delivery. @param since when the first was held back */
export function digestEvent({ counts, items }: Digest, since: string): LogEvent {
  const data: JsonObject = { change: "digest", counts, items };
  return { id: 0, type: "webhook", message: "Held back", data, timestamp: since, receivedAt: since };
}

/** The digest that stands in the place of an event; null for an event. */
export function digestOf({ data }: Pick<LogEvent, "data">): Digest | null {
  if (data.change !== "digest") return null;
  return digestSchema.safeParse(data).data ?? null;
}

const WORDS: Readonly<Record<NoticeKind, [one: string, more: string]>> = {
  question: ["question", "questions"],
  undelivered: ["undelivered answer or message", "undelivered answers and messages"],
  review: ["review", "reviews"],
  failure: ["failure", "failures"],
  silent: ["silent agent", "silent agents"],
  budget: ["budget", "budgets"],
  complete: ["completion", "completions"],
};

/** What a digest says; of what is over by now, that it is. */
export async function digestNotice(
  store: Pick<Store, "task">,
  { counts, items }: Digest,
  publicUrl: string,
): Promise<Notice> {
  const kinds = noticeKindSchema.options.flatMap((kind) => {
    const count = counts[kind] ?? 0;
    return count === 0 ? [] : [`${count} ${WORDS[kind][count === 1 ? 0 : 1]}`];
  });
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const lines: string[] = [];
  let length = 0;
  for (const item of items) {
    const over = isOver(item, await store.task(item.taskId)) ? " (over)" : "";
    const line = `• ${item.title}${over}${item.link === "" ? "" : `\n  ${item.link}`}`;
    length += line.length;
    if (length > TEXT_LENGTH) break;
    lines.push(line);
  }
  if (lines.length < total) lines.push(`and ${total - lines.length} more`);
  return {
    kind: null,
    title: `Held back: ${kinds.join(", ")}`,
    text: lines.join("\n"),
    link: `${publicUrl}/inbox`,
  };
}

function isOver({ kind, requestId }: DigestItem, task: Task | null): boolean {
  switch (kind) {
    case "question":
      return task?.waitingFor?.id !== requestId;
    case "undelivered":
      return requestId !== "" && task?.undelivered?.requestId !== requestId;
    case "review":
      return task?.status !== "review";
    case "failure":
      return task?.status !== "failed";
    case "silent":
      return !task?.silence;
    case "budget":
    case "complete":
      return false;
  }
}
