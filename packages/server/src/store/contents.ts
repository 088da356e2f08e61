/** Why bytes were not kept. Nothing of them is. */
export class ContentError extends Error {
  /** They are not what was promised · more than they may be · more than there is room for. */
  readonly code: "mismatch" | "too_large" | "no_room";
  override name = "ContentError";

  constructor(code: ContentError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
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
}

/** Bytes that are kept, to be read in order. */
export interface Content {
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
   * and for as long as {@link KEPT_UNUSED_MS} tells whether or not anything refers to them.
   * @throws ContentError; StoreUnavailableError; whatever `bytes` throws
   */
  keep(bytes: AsyncIterable<Uint8Array>, promised: Promised): Promise<number>;
  /** The bytes of a SHA-256; null where they are not kept. */
  read(sha256: string): Promise<Content | null>;
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
