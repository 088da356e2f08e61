import { createHmac, randomUUID } from "node:crypto";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readIfThere } from "./identity-files.ts";

/** Where the token that one gateway gave this device is kept. */
export interface DeviceTokenSlot {
  read(): string | undefined;
  keep(token: string): void;
  forget(): void;
}

/**
 * The slot of one gateway: of its address, and of the shared token it was given to connect with. Whoever changes one of
 * them starts over, so that no gateway is ever shown what another one gave.
 * @param folder only its owner may read it
 * @param key what the name of the file is derived with, so that it says nothing about the shared token
 */
export function deviceTokenSlot(
  folder: string,
  key: Buffer,
  { url, token = "" }: { url: string; token?: string | undefined },
): DeviceTokenSlot {
  const name = createHmac("sha256", key)
    .update(JSON.stringify([new URL(url).href, token]))
    .digest("hex");
  const file = join(folder, `openclaw-token-${name.slice(0, 32)}`);
  const read = () => readIfThere(file)?.trim() || undefined;
  return {
    read,
    keep(deviceToken) {
      if (deviceToken === read()) return;
      const temporary = `${file}.${randomUUID()}`;
      writeFileSync(temporary, deviceToken, { mode: 0o600 });
      renameSync(temporary, file);
    },
    forget() {
      rmSync(file, { force: true });
    },
  };
}
