import { text } from "../text/text.ts";
import type { IconName } from "../ui/icon.tsx";

type PageEntry = { to: string; icon: IconName; label: string };

/** The pages for the work of the day, in the order of the rail. */
export const JOB_PAGES = [
  { to: "/", icon: "activity", label: text.page.activity },
  { to: "/inbox", icon: "inbox", label: text.page.inbox },
  { to: "/board", icon: "board", label: text.page.board },
  { to: "/agents", icon: "agents", label: text.page.agents },
  { to: "/insights", icon: "insights", label: text.page.insights },
] as const satisfies readonly PageEntry[];

/** The pages of what is set up once and looked after. */
export const SYSTEM_PAGES = [
  { to: "/gateways", icon: "gateways", label: text.page.gateways },
  { to: "/webhooks", icon: "webhooks", label: text.page.webhooks },
  { to: "/settings", icon: "settings", label: text.page.settings },
] as const satisfies readonly PageEntry[];

export const PAGES = [...JOB_PAGES, ...SYSTEM_PAGES] as const;
