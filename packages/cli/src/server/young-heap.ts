import { setFlagsFromString } from "node:v8";

/**
 * Loading the server's code fills V8's young generation with garbage, which makes it grow for good; a server that
 * then idles keeps that memory. It may grow once the server runs and has a use for it.
 */
export function keepYoungHeapSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
}

/** V8's own default again. */
export function letYoungHeapGrow(): void {
  setFlagsFromString("--semi-space-growth-factor=2");
}
