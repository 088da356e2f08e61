import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { HIDDEN } from "../exchanges/shown.ts";
import { ALLOWING_SETTING } from "../gateways/http/link-local.ts";
import { holdsHidden } from "../gateways/http/shown-url.ts";
import type { WebhookRecord } from "../store/records.ts";
import { isPrivateHost, isPublicAddress } from "./public-address.ts";
import { shownWebhookUrl } from "./webhook-views.ts";

/** A name that is not resolved in time is taken: whether it may be sent to is looked at with each try in any case. */
const LOOKUP_MS = 2000;

/** Nothing can be sent to the URL of an endpoint; the message says why. */
export class WebhookUrlError extends Error {
  readonly code = "webhook_url";
  override name = "WebhookUrlError";
}

/**
 * The URL to keep when one is given: the current one, when it is given back as it was shown.
 * @param allowPrivate whether addresses may be sent to that are not public ones
 * @param canMail whether there is a mail server to send e-mails by
 * @throws WebhookUrlError
 */
export async function keptUrl(
  { url: given, format }: Pick<WebhookRecord, "url" | "format">,
  current: Pick<WebhookRecord, "url" | "format"> | undefined,
  { allowPrivate, canMail }: { allowPrivate: boolean; canMail: boolean },
): Promise<string> {
  const isCurrent = current && shownWebhookUrl(current.url, current.format) === given;
  const url = new URL(isCurrent ? current.url : given);
  if (format === "email") return mailUrl(url, canMail);
  if (url.protocol === "mailto:") {
    throw new WebhookUrlError("is an e-mail address, to which only the format email is sent");
  }
  if (isCurrent) return current.url;
  if (holdsHidden(url) || url.pathname === `/${HIDDEN}`) {
    throw new WebhookUrlError(`holds ${HIDDEN} where secrets were hidden: write the URL whole`);
  }
  if (!allowPrivate && (isPrivateHost(url) || (await leadsNowherePublic(url)))) {
    throw new WebhookUrlError(
      `leads to a private address or one of this machine, which only ${ALLOWING_SETTING} allows`,
    );
  }
  return given;
}

/** RFC 5321, section 4.1.2, without quoted local parts and literal addresses, which nobody has in earnest. */
const MAIL_ADDRESS = /^[^\s@<>()[\]\\,;:"]+@[^\s@<>()[\]\\,;:"]+$/;

/**
 * One address, so that a mail server's answer is about all of the delivery.
 * @throws WebhookUrlError
 */
function mailUrl({ protocol, pathname, search }: URL, canMail: boolean): string {
  if (!canMail) {
    throw new WebhookUrlError("cannot be sent to: no mail server is set (MISSION_CONTROL_SMTP_URL)");
  }
  if (protocol !== "mailto:" || search !== "" || !MAIL_ADDRESS.test(decodeURIComponent(pathname))) {
    throw new WebhookUrlError("must be mailto: and one e-mail address, such as mailto:ann@example.com");
  }
  return `mailto:${pathname}`;
}

/** Whether a name resolves now, and to no public address. */
async function leadsNowherePublic({ hostname }: URL): Promise<boolean> {
  if (isIP(hostname.replace(/^\[|\]$/g, "")) !== 0) return false;
  const found = lookup(hostname, { all: true }).catch(() => []);
  const addresses = await Promise.race([found, wait(LOOKUP_MS, [], { ref: false })]);
  return addresses.length > 0 && !addresses.some(({ address }) => isPublicAddress(address));
}
