const EXPLANATIONS: Record<string, string> = {
  ECONNREFUSED: "nothing listens there (connection refused)",
  ECONNRESET: "the connection was cut by the other side",
  EPIPE: "the connection was cut by the other side",
  UND_ERR_SOCKET: "the connection was cut by the other side",
  ENOTFOUND: "the host name is not known",
  EAI_AGAIN: "the host name could not be looked up now",
  EHOSTUNREACH: "the host cannot be reached",
  ENETUNREACH: "the network cannot be reached",
  ETIMEDOUT: "the connection timed out",
  UND_ERR_CONNECT_TIMEOUT: "the connection timed out",
  CERT_HAS_EXPIRED: "its TLS certificate has expired",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its TLS certificate is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "its TLS certificate is signed by an unknown authority",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its TLS certificate is signed by an unknown authority",
  ERR_TLS_CERT_ALTNAME_INVALID: "its TLS certificate is for another host name",
};

/** Says in words why a connection failed; looks through `cause`, as `fetch` nests what happened. */
export function explainNetworkError(error: unknown): string {
  for (let current = error; current instanceof Error; current = current.cause) {
    const code = "code" in current ? String(current.code) : "";
    const explanation = EXPLANATIONS[code];
    if (explanation) return explanation;
    if (current instanceof AggregateError && current.errors.length > 0) {
      return explainNetworkError(current.errors[0]);
    }
    if (!(current.cause instanceof Error)) return current.message || current.name;
  }
  return String(error);
}
