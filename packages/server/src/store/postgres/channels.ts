/**
 * Channels of NOTIFY. What they carry is followed by a space and the schema of the log, as channels are the database's.
 * By this one a commit announces its newest event.
 */
export const LOG_CHANNEL = "mission_control_log";
/** Tells only that it is time to look. */
export const LEASES_CHANNEL = "mission_control_leases";
/** Tells the session of who publishes the log by NATS. */
export const RELAY_CHANNEL = "mission_control_relay";
