import { HIDDEN } from "../../exchanges/shown.ts";

/** A URL as it is shown: the user, the password and the values in the query may be secrets. */
export function shownUrl(text: string): string {
  const url = new URL(text);
  if (url.username === "" && url.password === "" && url.search === "") return text;
  if (url.username !== "" || url.password !== "") {
    url.username = HIDDEN;
    url.password = "";
  }
  const parts = url.search.slice(1).split("&");
  if (url.search !== "")
    url.search = parts.map((part) => part.replace(/^([^=]*=|).*$/s, `$1${HIDDEN}`)).join("&");
  return url.href;
}

/** Whether a URL was taken from where it was shown, and lacks what was hidden there. */
export function holdsHidden(url: URL): boolean {
  return url.username === HIDDEN || url.search.split(/[=&?]/).includes(HIDDEN);
}
