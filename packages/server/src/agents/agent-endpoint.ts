import type { Endpoint } from "@mission-control/protocol";
import { HIDDEN } from "../exchanges/shown.ts";
import { ALLOWING_SETTING, isLinkLocal } from "../gateways/http/link-local.ts";
import { holdsHidden, shownUrl } from "../gateways/http/shown-url.ts";

/** An agent cannot be reached at the endpoint it was given; the message says why. */
export class AgentEndpointError extends Error {
  readonly code = "agent_endpoint";
  override name = "AgentEndpointError";
}

/** An endpoint as it is shown: the user, the password and the values in the query of a URL may be secrets. */
export function shownEndpoint(endpoint: Endpoint): Endpoint {
  return endpoint.kind === "http" ? { ...endpoint, url: shownUrl(endpoint.url) } : endpoint;
}

/**
 * The endpoint to keep when one is given: the current one, when it is given back as it was shown.
 * @param allowLinkLocal whether agents may have link-local addresses
 * @throws AgentEndpointError when there cannot be an agent at it
 */
export function keptEndpoint(
  given: Endpoint,
  current: Endpoint | undefined,
  { allowLinkLocal }: { allowLinkLocal: boolean },
): Endpoint {
  if (given.kind !== "http") return given;
  if (current?.kind === "http" && shownUrl(current.url) === given.url) return current;
  const url = new URL(given.url);
  if (holdsHidden(url)) {
    throw new AgentEndpointError(`holds ${HIDDEN} where secrets were hidden: write the URL whole`);
  }
  if (!allowLinkLocal && isLinkLocal(url)) {
    throw new AgentEndpointError(
      `is a link-local address or a cloud's metadata service, which only ${ALLOWING_SETTING} allows`,
    );
  }
  return given;
}
