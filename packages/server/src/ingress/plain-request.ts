/** A request that came whole in one piece of bytes. */
export interface PlainRequest {
  method: string;
  /** Request target: path and query. */
  url: string;
  /** By lower-case name. */
  headers: Record<string, string>;
  body: Buffer;
}

const HEAD_END = Buffer.from("\r\n\r\n");
const MAX_HEAD_BYTES = 8 * 1024;

/** Method, origin-form target of visible ASCII, version (RFC 9112, section 3). */
const REQUEST_LINE = /^(GET|POST) (\/[\x21-\x7e]*) HTTP\/1\.1$/;
/** A header's name (RFC 9110, section 5.6.2). */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Visible ASCII, spaces and tabs, of which a header's value is here (RFC 9110, section 5.5). */
const PLAIN_TEXT = /^[\x20-\x7e\t]*$/;
const LENGTH = /^(0|[1-9][0-9]{0,8})$/;

/** Names as they were written, with what they are in lower case: clients write the same few again and again. */
const names = new Map<string, string>();
const MAX_NAMES = 256;

/** What changes how a message is read, or asks for more than an answer. */
const SPECIAL: ReadonlySet<string> = new Set([
  "transfer-encoding",
  "connection",
  // Not of the standard, but Node's parser takes it for the one above.
  "proxy-connection",
  "expect",
  "upgrade",
  "trailer",
]);

/**
 * Reads the plainest kind of HTTP/1.1 request: whole in one piece, nothing unusual about it. Whatever is not —
 * longer, chunked, closing, upgrading, repeated or odd headers, pipelined, malformed — is left, unjudged, to the
 * real parser: this one only ever says yes to what both read alike.
 */
export function readPlainRequest(bytes: Buffer): PlainRequest | null {
  const headEnd = bytes.indexOf(HEAD_END);
  if (headEnd === -1 || headEnd > MAX_HEAD_BYTES) return null;
  const lines = bytes.toString("latin1", 0, headEnd).split("\r\n");
  const requestLine = REQUEST_LINE.exec(lines[0] as string);
  if (!requestLine) return null;
  const headers: Record<string, string> = {};
  for (let index = 1; index < lines.length; index++) {
    const line = lines[index] as string;
    const colon = line.indexOf(":");
    const name = colon === -1 ? null : headerName(line.slice(0, colon));
    if (name === null || !PLAIN_TEXT.test(line)) return null;
    // Of white space, there are only spaces and tabs in it, which stand around a value and are no part of it.
    const value = line.slice(colon + 1).trim();
    if (SPECIAL.has(name) || name in headers) {
      // The ones that clients commonly send, and that change nothing in HTTP/1.1.
      const isConnection = name === "connection" || name === "proxy-connection";
      if (!isConnection || value.toLowerCase() !== "keep-alive") return null;
    }
    headers[name] = value;
  }
  const [, method, url] = requestLine as unknown as [string, string, string];
  const length = headers["content-length"] ?? (method === "GET" ? "0" : "");
  if (headers.host === undefined || !LENGTH.test(length)) return null;
  const bodyStart = headEnd + HEAD_END.length;
  if (bytes.length !== bodyStart + Number(length)) return null;
  return { method, url, headers, body: bytes.subarray(bodyStart) };
}

/** A header's name in lower case; null for what can be none. */
function headerName(text: string): string | null {
  const known = names.get(text);
  if (known !== undefined) return known;
  if (!TOKEN.test(text)) return null;
  const name = text.toLowerCase();
  if (names.size >= MAX_NAMES) names.clear();
  names.set(text, name);
  return name;
}
