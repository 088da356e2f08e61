/** Where NATS is, and who we are there. */
export interface NatsAddress {
  /** `host:port` of each server; any of them leads to the same cluster. */
  servers: readonly string[];
  user?: string;
  password?: string;
  token?: string;
  /** Whether nothing is said without TLS. Without this, it is used where the server asks for it. */
  isSecure: boolean;
}

/**
 * Reads `NATS_URL`: `nats://` or `tls://` URLs with commas between them, of which one may say who we are, as
 * `user:password@` or `token@`.
 * @param text as the setting's rule lets it through
 */
export function parseNatsUrl(text: string): NatsAddress {
  const urls = text.split(",").map((one) => new URL(one.trim()));
  const named = urls.find(({ username }) => username !== "");
  const name = decodeURIComponent(named?.username ?? "");
  const password = decodeURIComponent(named?.password ?? "");
  return {
    servers: urls.map(({ hostname, port }) => `${hostname}:${port || "4222"}`),
    isSecure: urls.some(({ protocol }) => protocol === "tls:"),
    ...(password !== "" ? { user: name, password } : name !== "" ? { token: name } : {}),
  };
}
