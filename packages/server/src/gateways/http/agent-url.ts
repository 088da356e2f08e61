import { LruMap } from "toad-cache";
import type { AgentTarget } from "../gateway.ts";
import { isLinkLocal } from "./link-local.ts";
import { shownUrl } from "./shown-url.ts";

/** As many agents' URLs are kept as they were parsed. */
const KEPT_URLS = 1024;

/** A URL that an agent is called at. */
export interface AgentUrl {
  readonly url: URL;
  /** As it is kept and shown. */
  readonly shown: string;
  /** Whether its host is, as it stands, an address that may not be called. */
  readonly isLinkLocal: boolean;
}

/** The URLs that agents are called at: each agent's own is parsed once, not with every dispatch. */
export class AgentUrls {
  readonly #known = new LruMap<AgentUrl>(KEPT_URLS);

  /** The agent's URL with segments added to its path; its query stays. */
  of(target: AgentTarget, path: readonly string[]): AgentUrl {
    const text = textOf(target);
    if (path.length > 0) return agentUrl(below(text, path));
    const known = this.#known.get(text);
    if (known) return known;
    const made = agentUrl(new URL(text));
    this.#known.set(text, made);
    return made;
  }
}

/** The host and port of an agent's URL. */
export function hostOf(target: AgentTarget): string {
  return new URL(textOf(target)).host;
}

function textOf({ endpoint }: AgentTarget): string {
  if (endpoint.kind !== "http") throw new TypeError("This agent has no URL of its own.");
  return endpoint.url;
}

function below(text: string, path: readonly string[]): URL {
  const url = new URL(text);
  url.pathname = [url.pathname.replace(/\/+$/, ""), ...path.map(encodeURIComponent)].join("/");
  return url;
}

function agentUrl(url: URL): AgentUrl {
  return { url, shown: shownUrl(url.href), isLinkLocal: isLinkLocal(url) };
}
