import { CALLBACK_PATH, EVENTS_PATH } from "@mission-control/protocol";

/** Whether a request target is a callback URL, the shared one or a dispatch's own. */
export function isCallback(url: string): boolean {
  return startsWithPath(url, CALLBACK_PATH, "/");
}

/** Whether a request target is the event stream. */
export function isEventStream(url: string): boolean {
  return startsWithPath(url, EVENTS_PATH);
}

/** Whether an address is the path, with or without a query, or goes on below it. */
function startsWithPath(url: string, path: string, below?: "/"): boolean {
  if (!url.startsWith(path)) return false;
  const next = url[path.length];
  return next === undefined || next === "?" || next === below;
}
