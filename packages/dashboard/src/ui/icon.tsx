import type { EventType, TaskStatus } from "@mission-control/protocol";

/** Line drawings on a 16 × 16 grid, as SVG paths. */
const PATHS = {
  activity: "M1.5 8h3l2-5 3 10 2-5h3",
  inbox: "M2.5 9.500 4.500 3h7l2 6.500v3.500h-11zM2.5 9.500h3.200l1 1.500h2.600l1-1.500h3.200",
  later: "M8 13.500a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11zM8 5v3.200l2 1.300",
  board: "M2.5 3h3v10h-3zM6.5 3h3v6h-3zM10.5 3h3v8h-3z",
  agents: "M8 8a2.7 2.7 0 1 0 0-5.4A2.7 2.7 0 0 0 8 8zM2.8 13.6c.5-2.6 2.6-4 5.2-4s4.7 1.4 5.2 4",
  gateways: "M8 2v4M4 14v-4h8v4M8 6v4M2.5 14h3M10.5 14h3M6 2h4",
  webhooks:
    "M6 5.5 3.5 10M3.5 10a2 2 0 1 0 2 2h5M10 5.500l2.5 4.700a2 2 0 1 1-1.5 3.400M6 5.500a2 2 0 1 1 3.9-.6",
  insights: "M2.5 13.500v-5M6.2 13.500v-9M9.9 13.500V7M13.5 13.500v-11",
  settings:
    "M2 4.500h6M12 4.500h2M2 11.500h2M8 11.500h6M10 2.700a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.600zM6 9.700a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.600z",
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.7 10.7 14 14",
  sun: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1.500v1M8 13.500v1M1.5 8h1M13.5 8h1M3.4 3.400l.7.7M11.9 11.900l.7.7M12.6 3.400l-.7.7M4.1 11.900l-.7.7",
  moon: "M13.5 9.600A5.9 5.9 0 0 1 6.4 2.500a5.9 5.9 0 1 0 7.1 7.100z",
  display: "M2 3h12v8H2zM6 14h4M8 11v3",
  close: "M3.5 3.500l9 9M12.5 3.500l-9 9",
  pause: "M5.5 3v10M10.5 3v10",
  play: "M4.5 3l8 5-8 5z",
  plus: "M8 3v10M3 8h10",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  copy: "M5.5 5.500h8v8h-8zM10.5 5.500v-3h-8v8h3",
  chevron: "M6 3.5 10.5 8 6 12.5",
  down: "M3.5 6 8 10.5 12.5 6",
  download: "M8 2.500v7.500M4.5 7 8 10.5 11.5 7M3 13.500h10",
  up: "M3.5 10.500 8 6l4.5 4.5",
  collapse: "M10 3.5 5.5 8l4.5 4.5",
  attach:
    "M12.500 7.500 7.800 12.200a3 3 0 0 1-4.300-4.300l5.500-5.400a2 2 0 0 1 2.900 2.900L6.500 10.800a1 1 0 0 1-1.500-1.500l4.500-4.400",
  send: "M2 8h11M9 4l4 4-4 4",
  retry: "M13 5.500A5.5 5.5 0 1 0 13.5 9M13.5 2.500v3.200h-3.2",
  check: "M3 8.500l3.5 3.500L13 4.5",
  warning: "M8 2 1.5 13.500h13zM8 6.500v3.200M8 11.600v.01",
  bell: "M4 11V7.500a4 4 0 0 1 8 0V11l1 1.500H3zM6.8 14.200h2.4",
  trash: "M3 4.500h10M6.5 4.500v-2h3v2M4.5 4.500l.5 9h6l.5-9",
  edit: "M3 13l.6-2.800 7-7 2.200 2.200-7 7z",
  filter: "M2 3.500h12l-4.7 5v4.500l-2.6-1.500v-3z",
} as const;

export type IconName = keyof typeof PATHS;

/** A decoration; what it means is said in words beside it. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      aria-hidden="true"
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth={name === "more" ? 2.2 : 1.5}
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}

/** One shape for each type of event, so that colour is never the only sign. */
const GLYPHS: Record<EventType, string> = {
  dispatch: "M3 8h9M8.5 4.5 12 8l-3.5 3.5",
  activity: "M8 8h.01",
  status_change: "M3 5.500h9M9.5 3 12 5.5 9.5 8M13 10.500H4M6.5 8 4 10.5 6.5 13",
  complete: "M3.5 8.500l3 3 6-7",
  error: "M4 4l8 8M12 4l-8 8",
  permission: "M6 6a2 2 0 1 1 2.7 1.900c-.5.2-.7.6-.7 1.100v.5M8 12v.01",
  message: "M3 4h10v6.500H8L5.500 13v-2.500H3z",
  artifact: "M8 2.500 13 5v6l-5 2.500L3 11V5zM3 5l5 2.500L13 5M8 7.500v6",
  task: "M4 3h8v10H4zM6.5 6.500h3M6.5 9.500h3",
  agent: "M8 7.500a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.400zM4 13c.4-2.2 2-3.3 4-3.300s3.6 1.1 4 3.3",
  gateway: "M8 3v4M4.5 13V9.500h7V13M8 7v2.5",
  webhook: "M4 12h8M8 12V4M5 7l3-3 3 3",
  view: "M4.500 3h7v10.500L8 10.500l-3.500 3z",
  budget: "M2.5 11.500a5.5 5.5 0 1 1 11 0M8 11.500 10.8 7.5",
};

/** The sign of an event's type. */
export function EventGlyph({ type, late }: { type: EventType; late?: boolean }) {
  return (
    <svg
      aria-hidden="true"
      width={16}
      height={16}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth={type === "activity" ? 5 : 1.7}
      strokeDasharray={late ? "2 2.5" : undefined}
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={GLYPHS[type]} />
    </svg>
  );
}

/** What is drawn as a state: a task's, or that nobody knows its attempt's. */
export type ShownState = TaskStatus | "unknown";

const STATE_SHAPES: Record<ShownState, string> = {
  pending: "M8 13A5 5 0 1 0 8 3a5 5 0 0 0 0 10z",
  queued: "M8 13A5 5 0 1 0 8 3a5 5 0 0 0 0 10zM8 5.500V8l1.7 1.5",
  in_progress: "M8 13.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11zM8 5.2v5.6a2.8 2.8 0 0 0 0-5.6z",
  review: "M2 8c1.5-2.7 3.5-4 6-4s4.5 1.3 6 4c-1.5 2.7-3.5 4-6 4s-4.5-1.3-6-4zM8 8h.01",
  completed: "M8 13.500a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11zM5.5 8.200l1.8 1.8 3.2-3.7",
  failed: "M8 13.500a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11zM6 6l4 4M10 6l-4 4",
  cancelled: "M8 13.500a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11zM4.2 11.800l7.6-7.6",
  unknown:
    "M8 13.500a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11zM6.6 6.600a1.5 1.5 0 1 1 2 1.400c-.4.2-.6.4-.6.8v.2M8 10.800v.01",
};

/** The sign of a task's state. */
export function StateGlyph({ status, size = 14 }: { status: ShownState; size?: number }) {
  return (
    <svg
      aria-hidden="true"
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.6}
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={STATE_SHAPES[status]} />
    </svg>
  );
}
