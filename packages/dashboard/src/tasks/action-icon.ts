import type { IconName } from "../ui/icon.tsx";
import type { TaskAction } from "./actions.ts";

/** The drawing of each action. */
export const ACTION_ICON: Record<TaskAction, IconName> = {
  dispatch: "send",
  cancel: "close",
  approve: "check",
  reject: "retry",
  edit: "settings",
  delete: "trash",
};
