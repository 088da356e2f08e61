import { useNavigate, useRouter, useSearch } from "@tanstack/react-router";
import { Suspense, useCallback, useEffect, useMemo } from "react";
import { useLive } from "../../app/use-mission.ts";
import type { FeedFilter } from "../../store/feed-filter.ts";
import { lazyPart } from "../../ui/lazy-part.tsx";
import styles from "./activity.module.css";
import { type ActivitySearch, splitTypes } from "./activity-search.ts";
import { FeedList } from "./feed-list.tsx";
import { FilterBar } from "./filter-bar.tsx";
import { useFeed } from "./use-feed.ts";

const EventPanel = lazyPart(async () => (await import("./event-panel.tsx")).default);
const Pinned = lazyPart(async () => (await import("../../inbox/pinned.tsx")).default);

/** The home page: what happens, live, newest first. */
export function ActivityPage() {
  const search = useSearch({ from: "/" });
  const navigate = useNavigate({ from: "/" });
  const router = useRouter();
  const { task, agent, types, q, event, raw } = search;
  const filter: FeedFilter = useMemo(
    () => ({ taskId: task, agentId: agent, types: splitTypes(types), q }),
    [task, agent, types, q],
  );
  const view = useFeed(filter, !raw);
  const waiting = useLive((mission) => mission.waiting);
  const change = useCallback(
    (changes: Partial<Record<keyof ActivitySearch, string | number | true | undefined>>) => {
      // Typing in the search field is one step back, not one for each letter.
      const replace = "q" in changes;
      // What was typed is put here a moment later: by then somebody may be on the way to another page.
      if (replace && router.latestLocation.pathname !== "/") return;
      void navigate({ search: (now) => ({ ...now, ...changes }) as ActivitySearch, replace });
    },
    [navigate, router],
  );
  const open = useCallback((id: number) => change({ event: id }), [change]);
  const address = useMemo(() => {
    // Made once: the router's own way takes too long for rows that come and go by the hundred.
    const { event: _, ...rest } = search;
    const { publicHref: href } = router.buildLocation({ to: "/", search: rest });
    const start = `${href}${href.includes("?") ? "&" : "?"}event=`;
    return (id: number) => start + id;
  }, [router, search]);
  const close = useCallback(() => change({ event: undefined }), [change]);
  useEffect(() => {
    if (event === undefined) return;
    const onKey = ({ key, defaultPrevented }: KeyboardEvent) => {
      if (key === "Escape" && !defaultPrevented) close();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [event, close]);
  return (
    <div className={`${styles.page} ${event === undefined ? "" : styles.withPanel}`}>
      <div className={styles.column}>
        {waiting ? (
          <Suspense>
            <Pinned />
          </Suspense>
        ) : null}
        <FilterBar
          search={search}
          held={view.held}
          onHold={view.hold}
          onRelease={view.release}
          onChange={change}
        />
        <FeedList
          // Another filter is another list, from its top.
          key={JSON.stringify([task, agent, types, raw])}
          view={view}
          address={address}
          onOpen={open}
          filtered={Boolean(task || agent || types || q)}
          sought={q}
          selected={event}
        />
      </div>
      {event === undefined ? null : (
        <Suspense fallback={<aside />}>
          <EventPanel key={event} id={event} onClose={close} />
        </Suspense>
      )}
    </div>
  );
}
