import { fingerprint } from "../keys.ts";
import { AddressCount } from "../limits/address-limit.ts";
import { Authenticator } from "../login/authenticator.ts";
import { LogInThrottle } from "../login/log-in-throttle.ts";
import { SessionCookie } from "../login/session-cookie.ts";
import { logInUrl, Sessions } from "../login/sessions.ts";
import { StoreUnavailableError } from "../store/store.ts";
import type { Hub } from "../stream/hub.ts";
import { StreamEndpoint } from "../stream/stream-endpoint.ts";
import { type Base, shortFingerprint } from "./base.ts";

/** Who may come in, and the event stream, which asks that on its own. */
export interface LogInSide {
  sessions: Sessions;
  sessionCookie: SessionCookie;
  authenticator: Authenticator;
  stream: StreamEndpoint;
}

/** Opens the log-in and the stream behind it. */
export async function openLogInSide(base: Base, hub: Hub): Promise<LogInSide> {
  const { limits, addresses, store, keys, token, logger, metrics, now, opened } = base;
  const tokenFingerprint = fingerprint(keys.serverKey, "token", token);
  const sessions = opened.add(await Sessions.open({ store, now, logger, tokenFingerprint }));
  const sessionCookie = new SessionCookie(shortFingerprint(keys.serverKey, "session cookie"));
  const authenticator = new Authenticator({
    token,
    sessions,
    cookie: sessionCookie,
    throttle: new LogInThrottle(now),
    addresses,
    metrics,
  });
  const stream = opened.add(
    new StreamEndpoint({
      hub,
      authorize: async (request) => {
        const identity = await authenticator.authenticate(request);
        return identity && (identity.kind === "session" ? { sessionId: identity.session.id } : {});
      },
      sessionLasts: (id) => sessions.lasts(id),
      addresses,
      perAddress: new AddressCount(limits.streamsPerAddress),
      metrics,
      logger,
      refused: (request) => authenticator.refused(request),
    }),
  );
  return { sessions, sessionCookie, authenticator, stream };
}

/** Where to log in; with no code while none can be stored: the token logs in, and a full disk is no reason not to start. */
export async function firstLogInUrl(publicUrl: string, sessions: Sessions): Promise<string> {
  try {
    return logInUrl(publicUrl, (await sessions.issueCode()).code);
  } catch (error) {
    if (error instanceof StoreUnavailableError) return `${publicUrl}/login`;
    throw error;
  }
}
