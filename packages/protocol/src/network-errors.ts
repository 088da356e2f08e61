const CUT = "the connection was cut by the other side";
const TIMED_OUT = "the connection timed out";

const EXPLANATIONS: Record<string, string> = {
  ECONNREFUSED: "nothing listens there (connection refused)",
  ECONNRESET: CUT,
  ECONNABORTED: CUT,
  EPIPE: CUT,
  UND_ERR_SOCKET: CUT,
  ENOTFOUND: "the host name is not known",
  EAI_AGAIN: "the host name could not be looked up now",
  EAI_FAIL: "the host name could not be looked up",
  EHOSTUNREACH: "the host cannot be reached",
  EHOSTDOWN: "the host cannot be reached",
  ENETUNREACH: "the network cannot be reached",
  ENETDOWN: "the network cannot be reached",
  EADDRNOTAVAIL: "this machine has no address to reach it from",
  EACCES: "this machine does not allow the connection",
  EPERM: "this machine does not allow the connection",
  EMFILE: "this machine has too many connections and files open",
  ENFILE: "this machine has too many connections and files open",
  ETIMEDOUT: TIMED_OUT,
  UND_ERR_CONNECT_TIMEOUT: TIMED_OUT,
  ERR_INVALID_URL: "its address is not a URL",
  CERT_HAS_EXPIRED: "its TLS certificate has expired",
  CERT_NOT_YET_VALID: "its TLS certificate is not valid yet",
  CERT_REVOKED: "its TLS certificate was revoked",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its TLS certificate is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "its TLS certificate is signed by an unknown authority",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its TLS certificate is signed by an unknown authority",
  UNABLE_TO_GET_ISSUER_CERT: "its TLS certificate is signed by an unknown authority",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its TLS certificate is signed by an unknown authority",
  ERR_TLS_CERT_ALTNAME_INVALID: "its TLS certificate is for another host name",
  ERR_TLS_HANDSHAKE_TIMEOUT: "the TLS handshake took too long",
  EPROTO:
    "it does not speak TLS as this server does: perhaps a plain http:// or ws:// port is behind an address for TLS",
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not speak TLS: its address should begin with http:// or ws://",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "it does not speak TLS: its address should begin with http:// or ws://",
};

/** Families of codes, by how they begin; looked at after {@link EXPLANATIONS}. */
const FAMILIES: readonly [prefix: string, explanation: string][] = [
  ["ERR_SSL_", "no TLS connection could be agreed on"],
  ["ERR_TLS_", "no TLS connection could be agreed on"],
  ["CERT_", "its TLS certificate is not accepted"],
  ["HPE_", "what it answered is not HTTP: its address may have to begin with https://"],
];

/** OpenSSL's own lines, such as `C0E7…:error:0A00010B:SSL routines:…`: nobody should have to read those. */
const OPENSSL_TEXT = /\berror:[0-9A-F]{8}:/;

/**
 * Says in words why a connection failed or, as an `AbortSignal.timeout` tells, why it was given up; looks through `cause`,
 * as `fetch` nests what happened. A code that is not
 * known here is named, so that it can be looked up; the system's and OpenSSL's own lines are passed on by nobody.
 */
export function explainNetworkError(error: unknown): string {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (current.name === "TimeoutError") return "it took too long";
    const code = "code" in current ? String(current.code) : "";
    const explanation = EXPLANATIONS[code] ?? FAMILIES.find(([prefix]) => code.startsWith(prefix))?.[1];
    if (explanation) return explanation;
    if (current instanceof AggregateError && current.errors.length > 0) {
      return explainNetworkError(current.errors[0]);
    }
    if (current.cause instanceof Error) continue;
    if (OPENSSL_TEXT.test(current.message)) return "no TLS connection could be agreed on";
    if ("syscall" in current) return `the connection failed (${code})`;
    return current.message || current.name;
  }
  return String(error);
}
