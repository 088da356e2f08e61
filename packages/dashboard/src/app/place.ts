import { PAGES } from "./pages.ts";

/** Where in the dashboard somebody is. */
export interface Place {
  /** The page of the rail that it belongs to; null where the address leads nowhere. */
  page: (typeof PAGES)[number] | null;
  /** The task that has the page to itself. */
  taskId: string | null;
}

/** @param pathname below the base path, percent-encoded or not */
export function placeOf(pathname: string): Place {
  const taskId = taskIdOf(pathname);
  const page = PAGES.find(({ to }) => (taskId === null ? to === pathname : to === "/board")) ?? null;
  return { page, taskId };
}

/** The id in the address of a task's page; null on any other. */
export function taskIdOf(pathname: string): string | null {
  const [, id] = /^\/tasks\/([^/]+)\/?$/.exec(pathname) ?? [];
  return id === undefined ? null : decoded(id);
}

/** A sign of percent that encodes nothing stands for itself: anybody can write an address. */
function decoded(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}

/** What the browser shows as the page's title: how much waits, and where one is. */
export function titleOf(product: string, name: string | undefined, waiting: number | null): string {
  const count = waiting ? `(${waiting}) ` : "";
  return count + (name ? `${name} · ${product}` : product);
}
