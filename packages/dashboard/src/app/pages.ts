import { text } from "../text/text.ts";
import type { IconName } from "../ui/icon.tsx";

/** The pages, in the order of the rail. */
export const PAGES = [
  { to: "/", icon: "activity", label: text.page.activity },
  { to: "/inbox", icon: "inbox", label: text.page.inbox },
  { to: "/board", icon: "board", label: text.page.board },
  { to: "/agents", icon: "agents", label: text.page.agents },
  { to: "/gateways", icon: "gateways", label: text.page.gateways },
  { to: "/webhooks", icon: "webhooks", label: text.page.webhooks },
  { to: "/insights", icon: "insights", label: text.page.insights },
  { to: "/settings", icon: "settings", label: text.page.settings },
] as const satisfies readonly { to: string; icon: IconName; label: string }[];
