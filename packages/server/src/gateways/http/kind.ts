import type { DirectKind } from "../gateway-kind.ts";
import { HttpGateway } from "./http-gateway.ts";

/** Agents with a URL of their own. */
export const httpKind: DirectKind = {
  kind: "http",
  configSchema: null,
  open: ({ allowLinkLocal, exchanges }) => new HttpGateway({ allowLinkLocal, exchanges }),
};
