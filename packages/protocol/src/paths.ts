/** Path of the shared callback URL; a dispatch's own URL has its id as one more segment. */
export const CALLBACK_PATH = "/api/webhooks/callback";

/**
 * The `User-Agent` of `mission-control doctor` when it asks whether callbacks arrive: by an unsigned `{}`, which is refused
 * like any unsigned callback, and not kept for people to wonder about.
 */
export const DOCTOR_USER_AGENT = "mission-control-doctor";

/** Between a dispatch's callback URL and the name of an artifact that is uploaded for it. */
export const ARTIFACTS_SEGMENT = "artifacts";

/** Path of the event stream. */
export const EVENTS_PATH = "/api/events";

/** The header, in lower case, by which a page shows its half of what proves a session; the other is the cookie. */
export const SESSION_KEY_HEADER = "mission-control-session-key";
