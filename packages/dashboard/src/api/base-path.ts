/**
 * The path under which this browser has the server, such as `/mission`; empty for the root of its host. The server writes it
 * into the page.
 */
export function basePath(): string {
  const meta = document.querySelector<HTMLMetaElement>('meta[name="mission-control-base-path"]');
  return meta?.content ?? "";
}
