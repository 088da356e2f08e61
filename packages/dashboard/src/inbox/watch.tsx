import { useLocation } from "@tanstack/react-router";
import { useEffect } from "react";
import { useDesktopNotifications } from "../app/desktop-notifications.ts";
import { useMission } from "../app/use-mission.ts";
import { noteVisit, visitOf } from "../palette/recent.ts";
import { showInFavicon } from "./favicon.ts";
import { inboxOf } from "./inbox-feed.ts";
import { useInbox } from "./use-inbox.ts";

/**
 * Watches for what waits for a person, on whatever page: counted in the rail, the title and the favicon, and told by
 * the desktop; and remembers what was looked at, for the palette. Draws nothing; loaded after the page, which does not wait for it.
 */
export default function Watch() {
  const mission = useMission();
  useDesktopNotifications();
  useEffect(() => inboxOf(mission).start(), [mission]);
  const { pathname, search } = useLocation();
  useEffect(() => {
    const visit = visitOf(pathname, search);
    if (visit) noteVisit(visit);
  }, [pathname, search]);
  const { count: waiting } = useInbox();
  useEffect(() => {
    mission.waiting = waiting;
    mission.changed();
    showInFavicon(waiting);
  }, [mission, waiting]);
  return null;
}
