const NAME = "mission_control_session";
/** Browsers take a cookie of such a name only over TLS, for this host alone (RFC 6265bis, section 4.1.3.2). */
const HOST_PREFIX = "__Host-";
/** More cookies of this name than one that was set here and one that was set beside it are somebody's trick. */
const MAX_VALUES = 8;

/**
 * The cookie of this server's sessions. A browser sends a host's cookies to every port of it, so that its name tells
 * one server's cookie from another's, and a cookie alone proves nothing (see {@link Sessions.find}).
 */
export class SessionCookie {
  readonly name: string;
  readonly #names: ReadonlySet<string>;

  /** @param instance what tells this server from others on the same host */
  constructor(instance: string) {
    this.name = `${NAME}_${instance}`;
    this.#names = new Set([HOST_PREFIX + this.name, this.name]);
  }

  /**
   * The `Set-Cookie` header that hands the cookie to a browser.
   * @param seconds how long it lasts
   * @param secure the browser's connection is encrypted
   */
  set(value: string, seconds: number, secure: boolean): string {
    const name = secure ? HOST_PREFIX + this.name : this.name;
    return setCookie(name, value, seconds, secure);
  }

  /** The `Set-Cookie` headers that take back what a browser sent. */
  takeBack(header: string | undefined): string[] {
    const sent = new Set(pairs(header).map(([name]) => name));
    return [...this.#names]
      .filter((name) => sent.has(name))
      .map((name) => setCookie(name, "", 0, name.startsWith(HOST_PREFIX)));
  }

  /** Every value in a `Cookie` header that may be the session's: another port's server can set one beside it. */
  read(header: string | undefined): string[] {
    const values = pairs(header).filter(([name, value]) => this.#names.has(name) && value !== "");
    return values.slice(0, MAX_VALUES).map(([, value]) => value);
  }
}

function setCookie(name: string, value: string, seconds: number, secure: boolean): string {
  return `${name}=${value}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${seconds}${secure ? "; Secure" : ""}`;
}

function pairs(header: string | undefined): [name: string, value: string][] {
  return (header?.split(";") ?? []).map((pair) => {
    const [name = "", value = ""] = pair.split("=", 2);
    return [name.trim(), value.trim()];
  });
}
