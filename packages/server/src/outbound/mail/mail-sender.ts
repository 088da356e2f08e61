import { explainNetworkError } from "@mission-control/protocol/network-errors";
import type { Settings } from "@mission-control/protocol/settings";
import type { NodemailerError, SMTPTransportOptions } from "nodemailer";
import type { WebhookRecord } from "../../store/records.ts";
import type { Clock } from "../clock.ts";
import type { Message } from "../message.ts";
import type { MessageSender, TryResult } from "../sender.ts";

/** A try is over after so long, in milliseconds: mail servers take their time before they greet. */
const TIMEOUT_MS = 60_000;
/** An answer to these is about the message; one to any other is about the server, which may be mended. */
const ABOUT_THE_MESSAGE: ReadonlySet<string> = new Set(["MAIL FROM", "RCPT TO", "DATA"]);
/** The server wants a log-in or TLS first (RFC 4954, section 6, and RFC 3207, section 4). */
const WANTS_LOG_IN: ReadonlySet<number> = new Set([530, 534, 535, 538]);
const NO_SERVER = "Not sent: no mail server is set (MISSION_CONTROL_SMTP_URL).";

export interface MailSenderOptions {
  clock: Pick<Clock, "now">;
  /**
   * `smtps://` has TLS from the first byte; `smtp://` has to offer STARTTLS, unless `?tls=off` says that there is none.
   * Undefined where no mail server is set: then nothing is sent.
   */
  smtpUrl: string | undefined;
  /** The address that e-mails come from. */
  from: string;
  /** Certificates of the authorities that are believed, in PEM; default those of Node.js. */
  ca?: string;
  /** How long one try may take, in milliseconds; default a minute. */
  timeoutMs?: number;
}

/** The address that e-mails come from, where no setting says it: the mail server's user, or one at the server's own host. */
export function mailFromOf({ mailFrom, smtpUrl = "" }: Settings, publicUrl: string): string {
  if (mailFrom !== undefined) return mailFrom;
  const user = decodeURIComponent(URL.parse(smtpUrl)?.username ?? "");
  return user.includes("@") ? user : `mission-control@${new URL(publicUrl).hostname}`;
}

/**
 * Sends e-mails by a mail server. The `Message-ID` of a delivery is the same on each try, so that a mail that came
 * although its answer was lost is known for the same when it comes again (RFC 5322, section 3.6.4).
 */
export class MailSender implements MessageSender {
  readonly #options: MailSenderOptions;

  constructor(options: MailSenderOptions) {
    this.#options = options;
  }

  /** One try; never rejects. A reply of 5xx about the message is final, any other failure is not (RFC 5321, section 4.2.1). */
  async send(
    { url }: Pick<WebhookRecord, "url">,
    id: string,
    { body, mail }: Message,
    signal: AbortSignal,
  ): Promise<TryResult> {
    const { clock, smtpUrl, from, timeoutMs = TIMEOUT_MS } = this.#options;
    const at = clock.now().toISOString();
    const begun = performance.now();
    if (smtpUrl === undefined) return notSent(at, 0, NO_SERVER);
    const timeout = AbortSignal.timeout(timeoutMs);
    const durationMs = () => Math.round(performance.now() - begun);
    try {
      const { createTransport } = await import("nodemailer");
      const sent = await createTransport(this.#transport(smtpUrl)).sendMail({
        from: { name: "Mission Control", address: from },
        to: { name: "", address: decodeURIComponent(new URL(url).pathname) },
        messageId: `<${id}@${from.slice(from.lastIndexOf("@") + 1)}>`,
        subject: mail?.subject ?? "Mission Control",
        text: body,
        ...(mail ? { html: mail.html } : {}),
        // RFC 3834: no out-of-office note answers it.
        headers: { "Auto-Submitted": "auto-generated" },
        signal: AbortSignal.any([signal, timeout]),
      });
      return {
        made: { at, durationMs: durationMs(), response: sent.response },
        isDelivered: true,
        isGone: false,
        retryAfterMs: undefined,
      };
    } catch (failure) {
      const { message, command = "", responseCode = 0, permanent = false } = failure as NodemailerError;
      const error = timeout.aborted
        ? `Not sent within ${timeoutMs / 1000} s.`
        : `Not sent: ${reasonIn(message)}`;
      const isRefused = permanent && ABOUT_THE_MESSAGE.has(command) && !WANTS_LOG_IN.has(responseCode);
      return { ...notSent(at, durationMs(), error), isRefused };
    }
  }

  #transport(smtpUrl: string): SMTPTransportOptions {
    const { ca } = this.#options;
    const { protocol, hostname, port, username, password, search } = new URL(smtpUrl);
    const secure = protocol === "smtps:";
    const isPlain = search === "?tls=off";
    return {
      host: hostname.replace(/^\[|\]$/g, ""),
      port: port === "" ? (secure ? 465 : 587) : Number(port),
      secure,
      ...(secure ? {} : { requireTLS: !isPlain, ignoreTLS: isPlain }),
      ...(username === ""
        ? {}
        : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
      ...(ca === undefined ? {} : { tls: { ca } }),
      disableFileAccess: true,
      disableUrlAccess: true,
    };
  }
}

/** Nodemailer has codes of its own in place of the system's, which are still in its messages. */
function reasonIn(message: string): string {
  const [code] = /\bE[A-Z]{3,}\b/.exec(message) ?? [];
  const reason = explainNetworkError(Object.assign(new Error(message), { code }));
  return /[.!?]$/.test(reason) ? reason : `${reason}.`;
}

function notSent(at: string, durationMs: number, error: string): TryResult {
  return { made: { at, durationMs, error }, isDelivered: false, isGone: false, retryAfterMs: undefined };
}
