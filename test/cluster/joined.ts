import type { Duplex } from "node:stream";

/** Makes two connections one: each is sent what comes from the other, and ends with it. */
export function join(near: Duplex, far: Duplex): void {
  near.pipe(far).pipe(near);
  for (const [one, other] of [
    [near, far],
    [far, near],
  ] as const) {
    one.on("error", () => other.destroy());
    one.on("close", () => other.destroy());
  }
}
