/** Channels of NOTIFY. What they tell is only that it is time to look. */
export const LOG_CHANNEL = "mission_control_log";
export const LEASES_CHANNEL = "mission_control_leases";
