import type { AgentView, TaskSummary } from "@mission-control/protocol";
import { useNavigate, useRouter } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { density } from "../app/density.ts";
import { notificationsOn, setNotifications } from "../app/desktop-notifications.ts";
import { PAGES } from "../app/pages.ts";
import { theme } from "../app/theme.ts";
import { useAgents } from "../app/use-agents.ts";
import { useMission } from "../app/use-mission.ts";
import { ACTION_ICON } from "../tasks/action-icon.ts";
import { allowedActions, type TaskAction } from "../tasks/actions.ts";
import { paletteText } from "../text/palette-text.ts";
import { settingsText } from "../text/settings-text.ts";
import { text } from "../text/text.ts";
import { AgentStatusBadge } from "../ui/agent-status.tsx";
import type { IconName } from "../ui/icon.tsx";
import { TaskState } from "../ui/state.tsx";
import { useViews } from "../views/use-views.ts";
import { viewTarget } from "../views/view-address.ts";
import type { Findable } from "./ranking.ts";

/** A line of the palette. */
export interface Command extends Findable {
  id: string;
  icon: IconName;
  /** What kind of thing it is, or how it stands. */
  kind: ReactNode;
  /** It asks for something first, such as which agent. */
  asks?: boolean;
  run(): void;
}

/** A task as far as the palette has to know it. */
export type PaletteTask = Pick<TaskSummary, "id" | "title" | "status">;

/** Everything that can be gone to or done from anywhere. */
export function useCommands(onAsk: (task: PaletteTask, action: TaskAction) => void) {
  const navigate = useNavigate();
  const router = useRouter();
  const { notices } = useMission();
  const agents = useAgents().data ?? [];
  const views = useViews().data ?? [];
  const pages = PAGES.map(({ to, icon, label }): Command => {
    return { id: to, icon, name: label, kind: paletteText.page, run: () => void navigate({ to }) };
  });
  const saved = views.map((view): Command => {
    const run = () => void navigate(viewTarget(view));
    return { id: view.id, icon: view.page, name: view.name, kind: paletteText.view, run };
  });
  const action = (id: string, name: string, run: () => void): Command => {
    return { id, icon: "plus", name, kind: paletteText.action, run };
  };
  const making = [
    action("new", text.taskForm.create, () => void navigate({ to: "/board", search: { create: "one" } })),
    action("many", text.taskForm.many, () => void navigate({ to: "/board", search: { create: "many" } })),
    action("agent", text.agents.add, () => void navigate({ to: "/agents", search: { add: true } })),
    action("gateway", text.gateways.add, () => void navigate({ to: "/gateways", search: { add: true } })),
  ];
  const setting = (id: string, icon: IconName, name: string, run: () => void): Command => {
    return { id, icon, name, kind: paletteText.setting, run };
  };
  const isOn = notificationsOn();
  const settings = [
    ...(["light", "dark", "system"] as const).map((one) =>
      setting(`theme-${one}`, "display", paletteText.theme(text.theme[one]), () => theme.choose(one)),
    ),
    ...(["comfortable", "compact"] as const).map((one) =>
      setting(`density-${one}`, "display", paletteText.density(settingsText.densities[one]), () =>
        density.choose(one),
      ),
    ),
    setting("notifications", "bell", paletteText.notifications(isOn), () => {
      void setNotifications(!isOn).then((now) => {
        if (now === isOn) notices.error(settingsText.notificationsRefused);
      });
    }),
  ];
  const agent = (one: AgentView): Command => ({
    id: one.id,
    icon: "agents",
    name: one.name,
    kind: <AgentStatusBadge agent={one} />,
    run: () => void navigate({ to: "/agents", search: { agent: one.id } }),
  });
  const task = ({ id, title, status }: PaletteTask): Command => ({
    id,
    icon: "board",
    name: title,
    kind: <TaskState status={status} />,
    run: () => void router.navigate({ to: "/tasks/$taskId", params: { taskId: id } }),
  });
  /** What can be done to a task, found by that and its title together. */
  const taskActions = (of: PaletteTask): Command[] => {
    const line = (what: keyof typeof paletteText.task, icon: IconName, run: () => void): Command => ({
      id: `${what}-${of.id}`,
      icon,
      name: paletteText.ofTask(paletteText.task[what], of.title),
      beyond: of.title,
      kind: <TaskState status={of.status} />,
      run,
    });
    const open = (search: { tab?: "changes" | "timeline"; say?: true }) => () =>
      void router.navigate({ to: "/tasks/$taskId", params: { taskId: of.id }, search });
    return [
      ...allowedActions(of.status).map((one) => ({
        ...line(one, ACTION_ICON[one], () => onAsk(of, one)),
        asks: true,
      })),
      ...(of.status === "in_progress" ? [line("say", "send", open({ say: true }))] : []),
      line("changes", "filter", open({ tab: "changes" })),
      line("timeline", "activity", open({ tab: "timeline" })),
    ];
  };
  return { pages, saved, making, settings, agents: agents.map(agent), task, taskActions };
}
