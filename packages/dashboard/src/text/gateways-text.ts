import { englishGateways } from "./english-gateways.ts";

/** What the gateways' page says beyond the words of all pages. */
export const gatewaysText = englishGateways;
