import { createRootRoute, createRoute, createRouter } from "@tanstack/react-router";
import { basePath } from "../api/base-path.ts";
import { ActivityPage } from "../pages/activity/activity-page.tsx";
import { readActivitySearch } from "../pages/activity/activity-search.ts";
import { readBoardSearch } from "../pages/board/board-search.ts";
import { readInsightsSearch } from "../pages/insights/insights-search.ts";
import { readTaskSearch } from "../pages/task/task-search.ts";
import { readWebhooksSearch } from "../pages/webhooks/webhooks-search.ts";
import { lazyPart } from "../ui/lazy-part.tsx";
import { Failure, Skeleton } from "../ui/page-state.tsx";
import { NotFound } from "./not-found.tsx";
import { Shell } from "./shell.tsx";

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });

const activity = createRoute({
  getParentRoute: () => root,
  path: "/",
  validateSearch: readActivitySearch,
  component: ActivityPage,
});
const inbox = createRoute({
  getParentRoute: () => root,
  path: "/inbox",
  component: lazyPart(async () => (await import("../pages/inbox/inbox-page.tsx")).InboxPage),
});
const board = createRoute({
  getParentRoute: () => root,
  path: "/board",
  validateSearch: readBoardSearch,
  component: lazyPart(async () => (await import("../pages/board/board-page.tsx")).BoardPage),
});
const task = createRoute({
  getParentRoute: () => root,
  path: "/tasks/$taskId",
  validateSearch: readTaskSearch,
  component: lazyPart(async () => (await import("../pages/task/task-page.tsx")).TaskPage),
});
const agents = createRoute({
  getParentRoute: () => root,
  path: "/agents",
  validateSearch: (search): { agent?: string; add?: boolean } => ({
    ...(typeof search.agent === "string" ? { agent: search.agent } : {}),
    ...(search.add === true ? { add: true } : {}),
  }),
  component: lazyPart(async () => (await import("../pages/agents/agents-page.tsx")).AgentsPage),
});
const gateways = createRoute({
  getParentRoute: () => root,
  path: "/gateways",
  validateSearch: (search): { add?: boolean } => (search.add === true ? { add: true } : {}),
  component: lazyPart(async () => (await import("../pages/gateways/gateways-page.tsx")).GatewaysPage),
});
const webhooks = createRoute({
  getParentRoute: () => root,
  path: "/webhooks",
  validateSearch: readWebhooksSearch,
  component: lazyPart(async () => (await import("../pages/webhooks/webhooks-page.tsx")).WebhooksPage),
});
const insights = createRoute({
  getParentRoute: () => root,
  path: "/insights",
  validateSearch: readInsightsSearch,
  component: lazyPart(async () => (await import("../pages/insights/insights-page.tsx")).InsightsPage),
});
const settings = createRoute({
  getParentRoute: () => root,
  path: "/settings",
  component: lazyPart(async () => (await import("../pages/settings/settings-page.tsx")).SettingsPage),
});

const routeTree = root.addChildren([
  activity,
  inbox,
  board,
  task,
  agents,
  gateways,
  webhooks,
  insights,
  settings,
]);

/** Every page has an address; what it filters or opens is in the address too. */
export function createAppRouter() {
  return createRouter({
    routeTree,
    basepath: basePath() || "/",
    defaultPreload: "intent",
    defaultPendingComponent: Skeleton,
    defaultPendingMs: 300,
    defaultErrorComponent: ({ error, reset }) => <Failure error={error as Error} retry={reset} />,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
