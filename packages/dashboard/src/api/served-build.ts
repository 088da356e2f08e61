import { basePath } from "./base-path.ts";

/** Whether the server has another build of the dashboard by now than this page is of; false where it does not answer. */
export async function isUpgraded(): Promise<boolean> {
  const own = document.querySelector("script[type=module]")?.getAttribute("src");
  try {
    const headers = { accept: "text/html" };
    const response = await fetch(`${basePath()}/`, { headers, cache: "no-store", redirect: "error" });
    return Boolean(own && response.ok) && !(await response.text()).includes(`"${own}"`);
  } catch {
    return false;
  }
}
