import { useEffect } from "react";
import { basePath } from "../api/base-path.ts";
import type { HeldEvent } from "../store/held-event.ts";
import { text } from "../text/text.ts";
import { visibleText } from "../text/visible.ts";
import type { Mission } from "./mission.ts";
import { useMission } from "./use-mission.ts";

const KEY = "mission-control.notify";
const MAX_BODY = 160;
/** More ends at once than this (after a long gap, say) become one notification. */
const MAX_SINGLE = 3;

/** Whether somebody asked for notifications here and the browser allows them. */
export function notificationsOn(): boolean {
  return (
    localStorage.getItem(KEY) === "on" && "Notification" in window && Notification.permission === "granted"
  );
}

/** Turns notifications on (asking the browser) or off; resolves to what holds now. */
export async function setNotifications(on: boolean): Promise<boolean> {
  if (!on) {
    localStorage.removeItem(KEY);
    return false;
  }
  if (!("Notification" in window) || (await Notification.requestPermission()) !== "granted") return false;
  localStorage.setItem(KEY, "on");
  return true;
}

/** Tells of tasks that completed or failed while nobody looks at the page. */
export function useDesktopNotifications(): void {
  const mission = useMission();
  useEffect(
    () =>
      mission.onBatch((events) => {
        if (document.visibilityState === "visible" || !notificationsOn()) return;
        const ends = events.filter(isEnd);
        if (ends.length > MAX_SINGLE) show(text.notify.many(ends.length), "", "many");
        else for (const end of ends) void notify(mission, end);
      }),
    [mission],
  );
}

function isEnd({ type, data }: HeldEvent): boolean {
  return (
    type === "status_change" && (data.to === "completed" || data.to === "failed" || data.to === "review")
  );
}

async function notify(mission: Mission, { taskId, data }: HeldEvent): Promise<void> {
  if (!taskId) return;
  const task = mission.tasks.get(taskId) ?? (await mission.readTask(taskId).catch(() => undefined));
  const to = data.to as "completed" | "failed" | "review";
  const words = (to === "failed" ? task?.error : task?.summary) ?? "";
  show(
    `${text.status[to]}: ${visibleText(task?.title ?? taskId)}`,
    visibleText(words).slice(0, MAX_BODY),
    taskId,
  );
}

/** One tag is one notification, however many tabs are open. */
function show(title: string, body: string, tag: string): void {
  const notification = new Notification(title, { body, tag: `mission-control-${tag}` });
  notification.addEventListener("click", () => {
    focus();
    if (tag !== "many") location.assign(`${basePath()}/tasks/${encodeURIComponent(tag)}`);
  });
}
