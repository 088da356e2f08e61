import type { InboxItem, PermissionRequest } from "@mission-control/protocol";
import { firstOption, isLasting, orderedOptions } from "../tasks/answer-order.ts";
import { inboxText } from "../text/inbox-text.ts";
import { text } from "../text/text.ts";

/** Something to do with an item, by a button or by its key. */
export type InboxAct = {
  key: string;
  label: string;
  /** What one would most likely do; shown so. */
  isFirst: boolean;
  /** It says no. */
  isRefusal: boolean;
  /** It holds for what is asked later too. */
  isLasting: boolean;
} & (
  | { kind: "answer"; option: PermissionRequest["options"][number] }
  | { kind: "approve" | "reject" | "dispatch" | "cancel" | "forceEnd" | "snooze" }
);

/** Options that have a key of their own. */
const KEYS = 9;

/** What can be done with an item, in the order of its buttons. A form is filled in where it stands. */
export function inboxActs(item: InboxItem): InboxAct[] {
  return [...ownActs(item), act("s", "snooze", inboxText.snooze)];
}

function ownActs({ kind, request }: InboxItem): InboxAct[] {
  switch (kind) {
    case "question":
      if (!request || request.fields) return [];
      return orderedOptions(request)
        .slice(0, KEYS)
        .map((option, index) => ({
          kind: "answer",
          key: String(index + 1),
          label: option.name,
          option,
          isFirst: option === firstOption(request),
          isLasting: isLasting(option),
          isRefusal: option.kind?.startsWith("reject") ?? false,
        }));
    case "review":
      return [
        { ...act("a", "approve", text.action.approve), isFirst: true },
        act("r", "reject", text.action.reject),
      ];
    case "failure":
      return [act("d", "dispatch", text.action.dispatchAgain)];
    case "undelivered":
      return [{ ...act("c", "cancel", text.action.cancel), isRefusal: true }];
    case "silent":
      return [{ ...act("x", "forceEnd", inboxText.forceEnd), isRefusal: true }];
  }
}

function act(key: string, kind: Exclude<InboxAct["kind"], "answer">, label: string): InboxAct {
  return { kind, key, label, isFirst: false, isRefusal: false, isLasting: false };
}
