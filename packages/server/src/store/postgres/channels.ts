/** Channel of NOTIFY, by which a commit tells its newest event. */
export const LOG_CHANNEL = "mission_control_log";
/** Tells only that it is time to look. */
export const LEASES_CHANNEL = "mission_control_leases";
