import { useEffect } from "react";
import { basePath } from "../api/base-path.ts";
import type { HeldEvent } from "../store/held-event.ts";
import { shelf } from "../store/shelf.ts";
import { inboxText } from "../text/inbox-text.ts";
import { text } from "../text/text.ts";
import { visibleText } from "../text/visible.ts";
import type { Mission } from "./mission.ts";
import { isBudgetReached, isQuestion, isUndelivered, Notifier } from "./notifier.ts";
import { isLookedAt } from "./presence.ts";
import { useMission } from "./use-mission.ts";

const KEY = "mission-control.notify";
const MAX_BODY = 160;
/** Whether somebody asked for notifications here and the browser allows them. */
export function notificationsOn(): boolean {
  return shelf.getItem(KEY) === "on" && "Notification" in window && Notification.permission === "granted";
}

/** Turns notifications on (asking the browser) or off; resolves to what holds now. */
export async function setNotifications(on: boolean): Promise<boolean> {
  if (!on) {
    shelf.removeItem(KEY);
    return false;
  }
  if (!("Notification" in window) || (await Notification.requestPermission()) !== "granted") return false;
  shelf.setItem(KEY, "on");
  return true;
}

/**
 * Notifies of what asks, did not reach its agent, fails, completes or waits for review while nobody looks at any page of this server; first of
 * all of what stops an agent.
 */
export function useDesktopNotifications(): void {
  const mission = useMission();
  useEffect(() => {
    const notifier = new Notifier({
      wanted: async () => notificationsOn() && !(await isLookedAt()),
      isCatchingUp: () => mission.status.phase === "catching_up",
      one: (event) => void notify(mission, event),
      many: (told) => show(inboxText.notify.many(told), "", "many"),
    });
    const onLook = () => {
      if (document.visibilityState === "visible") notifier.looked();
    };
    document.addEventListener("visibilitychange", onLook);
    const stopListening = mission.onBatch((events) => void notifier.add(events));
    return () => {
      document.removeEventListener("visibilitychange", onLook);
      stopListening();
      notifier.close();
    };
  }, [mission]);
}

async function notify(mission: Mission, event: HeldEvent): Promise<void> {
  const { taskId, data } = event;
  if (isBudgetReached(event)) {
    show(
      text.eventType.budget,
      visibleText(event.message ?? "").slice(0, MAX_BODY),
      `event-${event.id}`,
      "/insights",
    );
    return;
  }
  if (!taskId) return;
  const task = mission.tasks.get(taskId) ?? (await mission.readTask(taskId).catch(() => undefined));
  const title = visibleText(task?.title ?? taskId);
  if (isQuestion(event) || isUndelivered(event)) {
    const words = isQuestion(event) ? inboxText.notify.asks(title) : inboxText.notify.undelivered(title);
    show(words, visibleText(event.message ?? "").slice(0, MAX_BODY), taskId);
    return;
  }
  const to = data.to as "completed" | "failed" | "review";
  const words = (to === "failed" ? task?.error : task?.summary) ?? "";
  show(`${text.status[to]}: ${title}`, visibleText(words).slice(0, MAX_BODY), taskId);
}

/** One tag is one notification, however many tabs are open. */
function show(
  title: string,
  body: string,
  tag: string,
  path = tag === "many" ? null : `/tasks/${encodeURIComponent(tag)}`,
): void {
  const notification = new Notification(title, { body, tag: `mission-control-${tag}` });
  notification.addEventListener("click", () => {
    focus();
    if (path !== null) location.assign(basePath() + path);
  });
}
