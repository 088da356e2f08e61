import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { HIDDEN } from "../exchanges/shown.ts";
import { ALLOWING_SETTING } from "../gateways/http/link-local.ts";
import { holdsHidden } from "../gateways/http/shown-url.ts";
import type { WebhookRecord } from "../store/records.ts";
import { isForPeople } from "./notice.ts";
import { isPrivateHost, isPublicAddress } from "./public-address.ts";
import { shownWebhookUrl } from "./webhook-views.ts";

/** A name that is not resolved in time is taken: whether it may be sent to is looked at with each try in any case. */
const LOOKUP_MS = 2000;

/** A field of an endpoint does not go with what it is to do; the message says why. */
export class WebhookFieldError extends Error {
  readonly code = "webhook_field";
  override name = "WebhookFieldError";
  readonly field: "url" | "answers" | "botToken" | "appToken" | "quiet" | "digestMinutes" | "passes";

  constructor(message: string, field: WebhookFieldError["field"] = "url") {
    super(message);
    this.field = field;
  }
}

/**
 * The URL to keep when one is given: the current one, when it is given back as it was shown.
 * @param allowPrivate whether addresses may be sent to that are not public ones
 * @param canMail whether there is a mail server to send e-mails by
 * @throws WebhookFieldError
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
    throw new WebhookFieldError("is an e-mail address, to which only the format email is sent");
  }
  if (isCurrent) return current.url;
  if (format === "slack_app" && !isSlackChannel(url)) {
    throw new WebhookFieldError(
      "must be https://slack.com/api/chat.postMessage?channel= and a channel's id, such as C0123456789",
    );
  }
  if (holdsHidden(url) || url.pathname === `/${HIDDEN}`) {
    throw new WebhookFieldError(`holds ${HIDDEN} where secrets were hidden: write the URL whole`);
  }
  if (!allowPrivate && (isPrivateHost(url) || (await leadsNowherePublic(url)))) {
    throw new WebhookFieldError(
      `leads to a private address or one of this machine, which only ${ALLOWING_SETTING} allows`,
    );
  }
  return given;
}

/** By its id, not its name: whoever presses a button there is told of with that. */
function isSlackChannel({ pathname, search, username }: URL): boolean {
  return (
    pathname.endsWith("/chat.postMessage") && /^\?channel=[CDG][A-Z0-9]+$/.test(search) && username === ""
  );
}

/** A bot's `sendMessage`, with its token as Telegram gives it. */
const TELEGRAM_BOT = /\/bot\d+:[^/]+\/sendMessage$/;

/**
 * Whether an endpoint can do what is asked of it.
 * @throws WebhookFieldError
 */
export function checkAnswers({
  format,
  url,
  answers,
  tokens,
}: Pick<WebhookRecord, "format" | "url" | "answers" | "tokens">): void {
  if (format === "slack_app" && !tokens?.bot) {
    throw new WebhookFieldError("is needed for the format slack_app", "botToken");
  }
  if (!answers) return;
  if (format === "slack_app") {
    if (!tokens?.app) throw new WebhookFieldError("is needed for answers from Slack", "appToken");
  } else if (format !== "telegram") {
    throw new WebhookFieldError("can be had from the formats slack_app and telegram alone", "answers");
  } else if (!TELEGRAM_BOT.test(new URL(url).pathname)) {
    throw new WebhookFieldError("must be …/bot<token>/sendMessage?chat_id=… for answers from Telegram");
  }
}

/** @throws WebhookFieldError when an endpoint for programs has rules for people */
export function checkRules({ format, rules }: Pick<WebhookRecord, "format" | "rules">): void {
  if (!rules || isForPeople(format)) return;
  const field = rules.quiet ? "quiet" : rules.digestMinutes ? "digestMinutes" : "passes";
  throw new WebhookFieldError("is for the formats for people alone: a program gets each event", field);
}

/** RFC 5321, section 4.1.2, without quoted local parts and literal addresses, which nobody has in earnest. */
const MAIL_ADDRESS = /^[^\s@<>()[\]\\,;:"]+@[^\s@<>()[\]\\,;:"]+$/;

/**
 * One address, so that a mail server's answer is about all of the delivery.
 * @throws WebhookFieldError
 */
function mailUrl({ protocol, pathname, search }: URL, canMail: boolean): string {
  if (!canMail) {
    throw new WebhookFieldError("cannot be sent to: no mail server is set (MISSION_CONTROL_SMTP_URL)");
  }
  if (protocol !== "mailto:" || search !== "" || !MAIL_ADDRESS.test(decodeURIComponent(pathname))) {
    throw new WebhookFieldError("must be mailto: and one e-mail address, such as mailto:ann@example.com");
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
