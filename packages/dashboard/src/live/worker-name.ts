/** How the name of the shared worker begins; the server's base path follows, so that each server has its own worker. */
export const WORKER_NAME = "mission-control-live";
