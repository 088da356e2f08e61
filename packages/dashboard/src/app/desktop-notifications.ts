import { useEffect } from "react";
import { basePath } from "../api/base-path.ts";
import type { HeldEvent } from "../store/held-event.ts";
import { text } from "../text/text.ts";
import { visibleText } from "../text/visible.ts";
import type { Mission } from "./mission.ts";
import { isLookedAt } from "./presence.ts";
import { useMission } from "./use-mission.ts";

const KEY = "mission-control.notify";
const MAX_BODY = 160;
/** More at once than this (after a long gap, say) become one notification. */
const MAX_SINGLE = 3;
/** What comes within this time is counted together. */
const TOGETHER_MS = 300;
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

/**
 * Notifies of what asks, fails, completes or waits for review while nobody looks at any page of this server; first of
 * all of what stops an agent.
 */
export function useDesktopNotifications(): void {
  const mission = useMission();
  useEffect(() => {
    const notifier = new Notifier(mission);
    const stopListening = mission.onBatch((events) => void notifier.add(events.filter(isNews)));
    return () => {
      stopListening();
      notifier.close();
    };
  }, [mission]);
}

/** Notifies of questions and ends, in one number of those that come together, such as those after a gap. */
class Notifier {
  readonly #mission: Mission;
  #news: HeldEvent[] = [];
  /** Notified of in one number since somebody looked last. */
  #counted = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(mission: Mission) {
    this.#mission = mission;
    document.addEventListener("visibilitychange", this.#onLook);
  }

  async add(news: readonly HeldEvent[]): Promise<void> {
    if (news.length === 0 || !notificationsOn() || (await isLookedAt())) return;
    this.#news.push(...news);
    this.#timer ??= setTimeout(() => this.#flush(), TOGETHER_MS);
  }

  close(): void {
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.#onLook);
  }

  readonly #onLook = () => {
    if (document.visibilityState === "visible") this.#counted = 0;
  };

  #flush(): void {
    this.#timer = undefined;
    if (this.#mission.status.phase === "catching_up") {
      this.#timer = setTimeout(() => this.#flush(), TOGETHER_MS);
      return;
    }
    const news = this.#news
      .splice(0)
      .sort((one, other) => Number(isQuestion(other)) - Number(isQuestion(one)));
    if (this.#counted === 0 && news.length <= MAX_SINGLE) {
      for (const one of news) void notify(this.#mission, one);
      return;
    }
    this.#counted += news.length;
    show(text.notify.many(this.#counted), "", "many");
  }
}

function isNews(event: HeldEvent): boolean {
  const { type, data } = event;
  const isEnd = data.to === "completed" || data.to === "failed" || data.to === "review";
  return isQuestion(event) || (type === "status_change" && isEnd);
}

function isQuestion({ type, data }: HeldEvent): boolean {
  return type === "permission" && data.state === "requested";
}

async function notify(mission: Mission, event: HeldEvent): Promise<void> {
  const { taskId, data } = event;
  if (!taskId) return;
  const task = mission.tasks.get(taskId) ?? (await mission.readTask(taskId).catch(() => undefined));
  const title = visibleText(task?.title ?? taskId);
  if (isQuestion(event)) {
    show(text.notify.asks(title), visibleText(event.message ?? "").slice(0, MAX_BODY), taskId);
    return;
  }
  const to = data.to as "completed" | "failed" | "review";
  const words = (to === "failed" ? task?.error : task?.summary) ?? "";
  show(`${text.status[to]}: ${title}`, visibleText(words).slice(0, MAX_BODY), taskId);
}

/** One tag is one notification, however many tabs are open. */
function show(title: string, body: string, tag: string): void {
  const notification = new Notification(title, { body, tag: `mission-control-${tag}` });
  notification.addEventListener("click", () => {
    focus();
    if (tag !== "many") location.assign(`${basePath()}/tasks/${encodeURIComponent(tag)}`);
  });
}
