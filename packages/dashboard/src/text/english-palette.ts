import type { TaskAction } from "../tasks/actions.ts";

/** What the palette says beyond the words of all pages; it comes with it. */
export const englishPalette = {
  title: "Search or run",
  hint: "A page, a task, an agent, a view, something to do…",
  page: "Page",
  action: "Action",
  view: "View",
  setting: "Setting",
  recent: "Recent",
  thisTask: "This task",
  goTo: "Go to",
  theme: (theme: string) => `Theme: ${theme}`,
  density: (density: string) => `Density: ${density}`,
  notifications: (on: boolean) => (on ? "Desktop notifications: off" : "Desktop notifications: on"),
  nothing: "Nothing found.",
  more: "Type what to do and to which task: “cancel log-in”, “say release notes”",
  task: {
    dispatch: "Dispatch",
    cancel: "Cancel task",
    approve: "Approve",
    reject: "Request changes",
    edit: "Edit",
    delete: "Delete",
    say: "Say something",
    changes: "Open changes",
    timeline: "Open timeline",
  } satisfies Record<TaskAction | "say" | "changes" | "timeline", string>,
  ofTask: (what: string, title: string) => `${what}: ${title}`,
};
