/** Why bytes were not kept. Nothing of them is, but for the codes `offset` and `replaced`. */
export class ContentError extends Error {
  /**
   * They are not what was promised · more than they may be · more than there is room for · they go on elsewhere than
   * where the upload stopped · another request goes on with the upload.
   */
  readonly code: "mismatch" | "too_large" | "no_room" | "offset" | "replaced";
  override name = "ContentError";
  /** Of `offset`: where the upload stopped, in bytes. */
  readonly offset: number | undefined;

  constructor(code: ContentError["code"], message: string, options?: ErrorOptions & { offset?: number }) {
    super(message, options);
    this.code = code;
    this.offset = options?.offset;
  }
}

/** What is known of bytes before they come. */
export interface Promised {
  /** Their SHA-256, in hexadecimal. */
  sha256: string;
  /** How many they are; null where nobody says so. */
  size: number | null;
  /** How many they may be. */
  maxBytes: number;
  /** For an upload that may be cut off and go on; absent where the bytes come whole or not at all. */
  part?: Part;
}

/** An upload that may come in several parts. */
export interface Part {
  /** Whose upload it is, such as a dispatch's: nobody else can go on with it. */
  owner: string;
  /** Of the whole, in hexadecimal. */
  sha256: string;
  /** Where what comes now begins, in bytes; 0 starts over. */
  from: number;
}

/** Bytes of a content, both ends included. */
export interface ByteRange {
  first: number;
  last: number;
}

/** Bytes that are kept, to be read in order. */
export interface Content {
  /** Of the whole. */
  size: number;
  bytes: AsyncIterable<Uint8Array>;
}

/**
 * Where the bytes of artifacts are kept, by their SHA-256: equal ones once. A folder of this process's own, or the
 * database that several servers share.
 */
export interface Contents {
  /**
   * Keeps bytes as they come, no faster than they can be written: durable when it resolves, with how many they were,
   * and for as long as {@link KEPT_UNUSED_MS} tells whether or not anything refers to them. What comes of a
   * {@link Promised.part} is kept as long when it breaks off. With it, `bytes` are what comes from its `from` on, and all
   * else that is promised is of the whole.
   * @throws ContentError; StoreUnavailableError; whatever `bytes` throws
   */
  keep(bytes: AsyncIterable<Uint8Array>, promised: Promised): Promise<number>;
  /** How many bytes of an upload are there, durably; ends the request that still adds to it, if any. */
  offset(part: Omit<Part, "from">): Promise<number>;
  /** The bytes of a SHA-256, or a range of them that they have; null where they are not kept. */
  read(sha256: string, range?: ByteRange): Promise<Content | null>;
  /**
   * Removes what is kept for long and nothing refers to, and what was left half-way.
   * @param inUse which of these some artifact has
   * @param unusedMs default {@link KEPT_UNUSED_MS}
   * @returns how many it removed
   */
  clean(
    inUse: (sha256s: readonly string[]) => Promise<ReadonlySet<string>>,
    unusedMs?: number,
  ): Promise<number>;
  /** Bytes that are kept, and coming in. */
  total(): Promise<number>;
  close(): Promise<void>;
}

/** What nothing refers to is kept for so long, in milliseconds: a commit that will refer to it may be under way. */
export const KEPT_UNUSED_MS = 60 * 60_000;

/** Uploads of one owner that are kept half-way; beyond that, the oldest goes. */
export const MOST_PARTS = 4;

/** Whether what came of an upload is kept, when it ends so: not where it can never become what was promised. */
export function keepsPart(error: unknown): boolean {
  return !(error instanceof ContentError) || error.code === "replaced";
}

/** The refusal of bytes that go on elsewhere than where an upload stopped. */
export function wrongOffset(offset: number): ContentError {
  return new ContentError("offset", `Of this upload, ${offset} bytes are here: go on there.`, { offset });
}

/** The same bytes until the signal is aborted: then its reason is thrown, whatever the next ones wait for. */
export async function* until(
  bytes: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => {});
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  const iterator = bytes[Symbol.asyncIterator]();
  try {
    signal.throwIfAborted();
    for (;;) {
      const { done, value } = await Promise.race([iterator.next(), aborted.promise]);
      if (done) return;
      yield value;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    // Not awaited: it may wait for bytes that never come.
    void iterator.return?.().catch(() => {});
  }
}

/** The refusal of bytes for which all artifacts together have no room. */
export function overTotal(limit: number): ContentError {
  const room = `${Math.floor(limit / 1024 / 1024)} MiB`;
  return new ContentError(
    "no_room",
    `All artifacts together may take ${room}, and they do: delete tasks, or raise MISSION_CONTROL_LIMIT_ARTIFACTS_TOTAL_MIB, then send it again.`,
  );
}

/** Keeps bytes that are there whole. @throws as {@link Contents.keep} */
export async function keepWhole(
  contents: Pick<Contents, "keep">,
  bytes: Buffer,
  sha256: string,
): Promise<void> {
  await contents.keep(inOnePiece(bytes), { sha256, size: bytes.length, maxBytes: bytes.length });
}

async function* inOnePiece(bytes: Buffer): AsyncIterable<Buffer> {
  if (bytes.length > 0) yield bytes;
}

/** @throws ContentError when there are more than there may be */
export function checkSize(size: number, { maxBytes }: Promised): void {
  if (size <= maxBytes) return;
  throw new ContentError("too_large", `An artifact may be ${maxBytes / 1024 / 1024} MiB large at most.`);
}

/** @throws ContentError when the bytes that came are not those that were promised */
export function checkDigest(found: string, { sha256 }: Promised): void {
  if (found === sha256) return;
  throw new ContentError("mismatch", `The SHA-256 of what came is ${found}, not ${sha256} as was promised.`);
}
