import type { IncomingMessage } from "node:http";
import type { BodyAccount } from "../limits/body-budget.ts";

/** An upload ended before its body was whole: its client went away, or it was too slow. */
export class UploadEndedError extends Error {
  override name = "UploadEndedError";
  readonly code: "aborted" | "too_slow";

  constructor(code: UploadEndedError["code"]) {
    super(
      code === "too_slow"
        ? "The artifact came too slowly; try again."
        : "The request ended before the artifact was whole.",
    );
    this.code = code;
  }
}

/**
 * A request's body, piece by piece: the next is read once the one before was taken, so that whoever sends it is held
 * up and not the server's memory. Leaves the request as it found it, for an early answer.
 * @param open counts the pieces; calls back when the body has to be given up
 */
export async function* uploadBody(
  request: IncomingMessage,
  open: (giveWay: () => void) => BodyAccount,
): AsyncIterable<Buffer> {
  const pieces: Buffer[] = [];
  let ended = false;
  let failure: UploadEndedError | null = null;
  let wake = () => {};
  const fail = (code: UploadEndedError["code"]) => {
    failure ??= new UploadEndedError(code);
    wake();
  };
  const account = open(() => fail("too_slow"));
  const onData = (piece: Buffer) => {
    request.pause();
    account.add(piece.length);
    pieces.push(piece);
    wake();
  };
  const onEnd = () => {
    ended = true;
    wake();
  };
  const onClosed = () => fail("aborted");
  request.on("data", onData).on("end", onEnd).on("error", onClosed).on("close", onClosed);
  try {
    for (;;) {
      for (let piece = pieces.shift(); piece; piece = pieces.shift()) yield piece;
      if (ended) return;
      if (failure) throw failure;
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      request.resume();
      await woken;
    }
  } finally {
    account.close();
    request.off("data", onData).off("end", onEnd).off("error", onClosed).off("close", onClosed);
  }
}
