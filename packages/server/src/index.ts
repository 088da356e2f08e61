export { readSettings } from "@mission-control/protocol/settings";
export { type App, startApp } from "./app/app.ts";
export { logTo } from "./log.ts";
export { moveStore, type StorePlace, storePlace } from "./move-store.ts";
