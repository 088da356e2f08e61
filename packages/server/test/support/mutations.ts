import { signSimple, standardHeaders } from "@mission-control/protocol";

/** Random numbers that are the same each time (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export interface Victim {
  path: string;
  secret: string;
  taskId: string;
  agentId: string;
}

/** A request that must be refused, as bytes in the pieces they are sent in. */
export interface Mutant {
  pieces: Buffer[];
  what: string;
  /** How the client goes on: waits for an answer, or gives up half-way. */
  afterwards: "answer" | "end" | "reset";
  /** What it must be answered; absent where any refusal will do. */
  status?: 400 | 401 | 413 | 415;
}

/** Makes requests each of which has something wrong with it. */
export class Mutator {
  readonly #random: () => number;
  readonly #victim: Victim;
  #made = 0;

  constructor(random: () => number, victim: Victim) {
    this.#random = random;
    this.#victim = victim;
  }

  next(): Mutant {
    this.#made++;
    const kinds = [
      this.#body,
      this.#body,
      this.#signature,
      this.#signature,
      this.#schema,
      this.#schema,
      this.#garbage,
      this.#type,
      this.#head,
      this.#framing,
      this.#truncated,
    ];
    if (this.#made % 100 === 0) return this.#oversize();
    return this.#pick(kinds).call(this);
  }

  #int(below: number): number {
    return Math.floor(this.#random() * below);
  }

  #pick<Value>(values: readonly Value[]): Value {
    return values[this.#int(values.length)] as Value;
  }

  #valid(): Record<string, unknown> {
    const { taskId, agentId } = this.#victim;
    const timestamp = new Date().toISOString();
    return { taskId, agentId, type: "progress", message: `mutant ${this.#made}`, timestamp };
  }

  #signed(body: Buffer): Record<string, string> {
    const { secret } = this.#victim;
    if (this.#random() < 0.3) return { "X-Signature-SHA256": signSimple(secret, body) };
    const timestamp = Math.floor(Date.now() / 1000);
    return standardHeaders(secret, { id: `mutant_${this.#made}`, timestamp, body });
  }

  #request(headers: Record<string, string>, body: Buffer, what: string, status: Mutant["status"]): Mutant {
    const all = {
      Host: "127.0.0.1",
      "Content-Type": "application/json",
      "Content-Length": String(body.length),
      ...headers,
    };
    const bytes = Buffer.concat([this.#headOf(all), body]);
    return {
      pieces: this.#cut(bytes),
      what,
      afterwards: "answer",
      ...(status === undefined ? {} : { status }),
    };
  }

  #headOf(headers: Record<string, string>): Buffer {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    return Buffer.from(`POST ${this.#victim.path} HTTP/1.1\r\n${lines.join("")}\r\n`, "latin1");
  }

  /** Most come whole, some in pieces. */
  #cut(bytes: Buffer): Buffer[] {
    if (this.#random() < 0.8) return [bytes];
    const at = this.#int(bytes.length);
    return [bytes.subarray(0, at), bytes.subarray(at)];
  }

  /** Bytes of a signed body changed, added or left out. */
  #body(): Mutant {
    const body = Buffer.from(JSON.stringify(this.#valid()));
    const headers = this.#signed(body);
    const at = this.#int(body.length);
    const flipped = Buffer.from(body);
    flipped[at] = ((flipped[at] as number) + 1 + this.#int(255)) & 0xff;
    const changed = this.#pick([
      flipped,
      Buffer.concat([body.subarray(0, at), Buffer.of(this.#int(256)), body.subarray(at)]),
      Buffer.concat([body.subarray(0, at), body.subarray(at + 1)]),
      body.subarray(0, at),
      Buffer.concat([body, body]),
    ]);
    return this.#request(headers, changed, "changed body", 401);
  }

  /** Signature headers missing, empty, of another time or id, cut, changed, in another scheme's place. */
  #signature(): Mutant {
    const body = Buffer.from(JSON.stringify(this.#valid()));
    const timestamp = Math.floor(Date.now() / 1000);
    const good = standardHeaders(this.#victim.secret, { id: `mutant_${this.#made}`, timestamp, body });
    const signature = good["webhook-signature"] as string;
    const at = 3 + this.#int(42);
    const letter = signature[at] === "A" ? "B" : "A";
    const changes: Record<string, string>[] = [
      { "webhook-signature": "" },
      { "webhook-signature": `${signature.slice(0, at)}${letter}${signature.slice(at + 1)}` },
      { "webhook-signature": signature.slice(0, at) },
      { "webhook-signature": signature.replace("v1,", "v2,") },
      { "webhook-signature": "v1,".repeat(200) },
      {
        "webhook-signature": Array(50)
          .fill(`v1,${"A".repeat(43)}=`)
          .join(" "),
      },
      { "webhook-id": "another" },
      { "webhook-id": "" },
      { "webhook-timestamp": "" },
      { "webhook-timestamp": String(timestamp - 400 - this.#int(1e9)) },
      { "webhook-timestamp": String(timestamp + 400 + this.#int(1e9)) },
      { "webhook-timestamp": this.#pick(["NaN", "-1", "1e9", "0x10", `${timestamp}.5`, "9".repeat(300)]) },
    ];
    const scheme = this.#random();
    if (scheme < 0.1) return this.#request({}, body, "no signature", 401);
    if (scheme < 0.3) {
      const value = this.#pick([
        "sha256=",
        "sha256=zz",
        `sha256=${"0".repeat(64)}`,
        signature,
        "sha1=00",
        "\xff\xfe",
      ]);
      return this.#request({ "X-Signature-SHA256": value }, body, "simple signature", 401);
    }
    return this.#request({ ...good, ...this.#pick(changes) }, body, "changed signature", 401);
  }

  /** Well signed, but a field is missing or of another kind. */
  #schema(): Mutant {
    const callback = this.#valid();
    const wrong: unknown[] = [
      null,
      0,
      -1,
      true,
      [],
      {},
      "",
      "\u0000",
      "a b",
      "x".repeat(70_000),
      [[[]]],
      1e308,
    ];
    const field = this.#pick(["taskId", "agentId", "type"]);
    const optional = this.#pick(["message", "progress", "data", "usage", "id", "dispatchId", "timestamp"]);
    const bad: Record<string, unknown[]> = {
      message: [0, [], {}, "x".repeat(70_000)],
      progress: [-1, 2, "1", [], {}],
      data: [0, "", [1], true, this.#nested(150)],
      usage: [0, [1], "x", { inputTokens: -1 }, { cost: {} }],
      id: [0, "", [], "x".repeat(300)],
      dispatchId: [0, "", [], "another"],
      timestamp: [0, "", [], "now", "2026-02-30T00:00:00Z"],
    };
    const way = this.#random();
    if (way < 0.2) delete callback[field];
    else if (way < 0.5)
      callback[field] = field === "type" ? this.#pick([...wrong, "done"]) : this.#pick(wrong);
    else callback[optional] = this.#pick(bad[optional] ?? []);
    // An id of the right form that names nothing would be a 404; these are all of no form at all.
    if (callback.taskId === "" || callback.agentId === "") callback.type = null;
    const body = Buffer.from(JSON.stringify(callback));
    return this.#request(this.#signed(body), body, "wrong schema", 400);
  }

  #nested(depth: number): unknown {
    return JSON.parse(`{"a":${"[".repeat(depth)}${"]".repeat(depth)}}`);
  }

  /** Well signed, but no JSON, or not in UTF-8. */
  #garbage(): Mutant {
    const text = JSON.stringify(this.#valid());
    const random = Buffer.from(Array.from({ length: 1 + this.#int(300) }, () => this.#int(256)));
    const body = this.#pick([
      Buffer.concat([Buffer.of(0xff), random]),
      Buffer.alloc(0),
      Buffer.from(text.slice(0, -1)),
      Buffer.from(`${text}${text}`),
      Buffer.from(text, "utf16le"),
      Buffer.from(`\ufeff${text}`),
      Buffer.from("[".repeat(1 + this.#int(100_000))),
      Buffer.from(text.replace("mutant", "\u0000mutant")),
      Buffer.concat([Buffer.from('{"message":"'), Buffer.of(0xc3, 0x28), Buffer.from('"}')]),
    ]);
    return this.#request(this.#signed(body), body, "no JSON", 400);
  }

  #type(): Mutant {
    const body = Buffer.from(JSON.stringify(this.#valid()));
    const headers = this.#pick([
      { "Content-Type": this.#pick(["text/plain", "", "application/xml", "application/json-seq", "\xff"]) },
      { "Content-Encoding": this.#pick(["gzip", "br", "x"]) },
    ] as Record<string, string>[]);
    return this.#request({ ...this.#signed(body), ...headers }, body, "wrong type", 415);
  }

  /** A head no server has to understand. */
  #head(): Mutant {
    const body = "{}";
    const tail = `Host: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n${body}`;
    const { path } = this.#victim;
    const text = this.#pick([
      `POST ${path} HTTP/9.9\r\n${tail}`,
      `POST ${path}\r\n${tail}`,
      `POST  ${path} HTTP/1.1\r\n${tail}`,
      `post ${path} HTTP/1.1\r\n${tail}`,
      `P\u0000ST ${path} HTTP/1.1\r\n${tail}`,
      `POST ${path} HTTP/1.1\r\nX: a\u0000b\r\n${tail}`,
      `POST ${path} HTTP/1.1\r\n: empty\r\n${tail}`,
      `POST ${path} HTTP/1.1\r\nno colon\r\n${tail}`,
      `POST ${path} HTTP/1.1\r\n continued: line\r\n${tail}`,
      `POST ${path} HTTP/1.1\r\nX: ${"y".repeat(20_000)}\r\n${tail}`,
      `POST ${path} HTTP/1.1\r\n${"X: y\r\n".repeat(3000)}${tail}`,
      `POST ${path}/${"d".repeat(9000)} HTTP/1.1\r\n${tail}`,
      `POST ${path}%00%ff%2e%2e HTTP/1.1\r\n${tail}`,
      `POST ${path}?${"q".repeat(2000)} HTTP/1.1\r\n${tail}`,
      `GET ${path} HTTP/1.1\r\n${tail}`,
      `\r\n\r\n\u0016\u0003\u0001 that is TLS`,
      Array.from({ length: 200 }, () => String.fromCharCode(this.#int(256))).join(""),
    ]);
    return {
      pieces: this.#cut(Buffer.from(`${text}\r\n\r\n`, "latin1")),
      what: "broken head",
      afterwards: "end",
    };
  }

  /** Lengths and chunks that do not agree, one with the other or with what comes. */
  #framing(): Mutant {
    const { path } = this.#victim;
    const begin = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n`;
    const text = this.#pick([
      `${begin}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`,
      `${begin}Content-Length: -1\r\n\r\n`,
      `${begin}Content-Length: 2, 2\r\n\r\n{}`,
      `${begin}Content-Length: 0x2\r\n\r\n{}`,
      `${begin}Content-Length: ${"9".repeat(30)}\r\n\r\n{}`,
      `${begin}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
      `${begin}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`,
      `${begin}Transfer-Encoding: chunked\r\n\r\n${"f".repeat(20)}\r\n{}`,
      `${begin}Transfer-Encoding: chunked, gzip\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
      `${begin}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX: y\r\n\r\n`,
      `${begin}Transfer-Encoding: chunked\r\n\r\n2;${"e".repeat(20_000)}\r\n{}\r\n0\r\n\r\n`,
      `${begin}Content-Length: 1\r\n\r\n{}{}{}`,
      `${begin}\r\n`,
    ]);
    return { pieces: this.#cut(Buffer.from(text, "latin1")), what: "broken framing", afterwards: "end" };
  }

  /** A good request of which the end never comes. */
  #truncated(): Mutant {
    const body = Buffer.from(JSON.stringify(this.#valid()));
    const headers = { ...this.#signed(body), Host: "127.0.0.1", "Content-Type": "application/json" };
    const chunked = this.#random() < 0.5;
    const head = this.#headOf({
      ...headers,
      ...(chunked ? { "Transfer-Encoding": "chunked" } : { "Content-Length": String(body.length) }),
    });
    const rest = chunked
      ? Buffer.from(`${body.length.toString(16)}\r\n${body.toString()}\r\n0\r\n\r\n`)
      : body;
    const whole = Buffer.concat([head, rest]);
    const bytes = whole.subarray(0, 1 + this.#int(whole.length - 1));
    return { pieces: this.#cut(bytes), what: "truncated", afterwards: this.#pick(["end", "reset"]) };
  }

  #oversize(): Mutant {
    const filler = Buffer.alloc(300 * 1024, 0x20);
    if (this.#random() < 0.5) return { ...this.#request(this.#signed(filler), filler, "oversize", 413) };
    const head = this.#headOf({
      Host: "127.0.0.1",
      "Content-Type": "application/json",
      "Transfer-Encoding": "chunked",
    });
    const chunk = Buffer.concat([
      Buffer.from(`${filler.length.toString(16)}\r\n`),
      filler,
      Buffer.from("\r\n0\r\n\r\n"),
    ]);
    return { pieces: [head, chunk], what: "oversize chunks", afterwards: "answer", status: 413 };
  }
}
