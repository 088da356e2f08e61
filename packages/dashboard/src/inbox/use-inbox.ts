import { useLive } from "../app/use-mission.ts";
import { type InboxView, inboxOf } from "./inbox-feed.ts";

/** What waits for a person, kept current. */
export function useInbox(): InboxView {
  return useLive((mission) => inboxOf(mission).view);
}
