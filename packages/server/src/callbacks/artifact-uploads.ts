import type { IncomingMessage, ServerResponse } from "node:http";
import {
  ARTIFACTS_SEGMENT,
  artifactNameSchema,
  CALLBACK_PATH,
  mediaTypeSchema,
  parseContentRange,
  SIMPLE_SIGNATURE_HEADER,
  sha256Of,
  UNKNOWN_MEDIA_TYPE,
  uploadText,
} from "@mission-control/protocol";
import type { ClientAddresses } from "../client-address.ts";
import { newId } from "../ids.ts";
import { answerEarly, writeHead } from "../ingress/early-answer.ts";
import type { BodyBudget } from "../limits/body-budget.ts";
import type { Metrics } from "../metrics.ts";
import { ContentError, type Contents } from "../store/contents.ts";
import type { ChangeResult } from "../store/operations.ts";
import type { Store } from "../store/store.ts";
import type { Artifact } from "../tasks/artifact.ts";
import type { TaskChange } from "../tasks/change.ts";
import { type Attempt, isOver } from "../tasks/task.ts";
import { type Answer, uploadOffset, wrongOffset } from "./answer.ts";
import type { CallbackLimits } from "./callback-limits.ts";
import { type CallbackIntake, UNVERIFIED } from "./intake.ts";
import type { SignatureVerifier } from "./signature.ts";
import { UploadEndedError, uploadBody } from "./upload-body.ts";

/** Uploads under way at a time, and for one dispatch: one, and one whose connection broke and is not given up yet. */
const AT_ONCE = 32;
const PER_DISPATCH = 2;
const BUSY_SECONDS = 5;

export interface ArtifactUploadsOptions {
  store: Pick<Store, "change" | "attempt" | "task">;
  contents: Pick<Contents, "keep" | "offset">;
  verifier: Pick<SignatureVerifier, "verifyText">;
  intake: Pick<CallbackIntake, "refuse" | "overLimit" | "answerTo" | "failed" | "isStopping" | "noteUpload">;
  limits: CallbackLimits;
  /** Gives up uploads that come too slowly. */
  pace: BodyBudget;
  addresses: ClientAddresses;
  metrics: Pick<Metrics, "limited">;
  /** How large one may be, in bytes. */
  maxBytes: number;
  now: () => Date;
}

/** An upload as its head describes it. */
interface Head {
  dispatchId: string;
  name: string;
  mediaType: string;
  /** Of the whole; so is `size`, which is null where nobody says it. */
  sha256: string;
  size: number | null;
  /** Where the body begins: not 0 for an upload that goes on. */
  from: number;
}

/** What a request's signature covers, and what it says of the whole. */
interface Signed {
  text: string;
  digest: string;
  range: string | undefined;
}

/**
 * Takes artifacts that are too large for a callback: `PUT …/callback/<dispatchId>/artifacts/<name>` (docs/contract.md,
 * section 4). Who sends it is verified before a byte of the body is read; its bytes go to the disk as they come, and
 * are durable before the change that records them. One that was cut off goes on: `HEAD` says where, and a `PUT` with
 * `Content-Range` brings the rest.
 */
export class ArtifactUploads {
  readonly #options: ArtifactUploadsOptions;
  readonly #underWay = new Map<string, number>();

  constructor(options: ArtifactUploadsOptions) {
    this.#options = options;
  }

  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    const { intake, addresses } = this.#options;
    const { method = "", url = "", headers } = request;
    const head = { method, url, headers, address: addresses.of(request) };
    void this.#take(request)
      .catch((error: unknown) => this.#failed(error))
      .catch((error: unknown) => intake.failed(error))
      .then((answer) => {
        intake.noteUpload(head, answer);
        if (!request.complete) return answerEarly(request, response, answer);
        if (response.destroyed) return;
        request.resume();
        writeHead(response, answer);
        response.end(answer.body);
      });
  };

  async #take(request: IncomingMessage): Promise<Answer> {
    const { intake, limits, addresses, verifier, store } = this.#options;
    if (intake.isStopping) return intake.refuse(503, "The server is stopping; try again.");
    const fromAddress = limits.fromAddress(addresses.of(request));
    if (fromAddress) return intake.overLimit(fromAddress);
    const place = placeOf(request.url ?? "");
    const signature = request.headers[SIMPLE_SIGNATURE_HEADER];
    const signed = place && signedOf(request, place);
    if (!place || !signed || !verifier.verifyText(signature, signed.text, place.dispatchId)) {
      return intake.refuse(401, UNVERIFIED);
    }
    const forDispatch = limits.forDispatch(place.dispatchId);
    if (forDispatch) return intake.overLimit(forDispatch);
    const head = this.#headOf(request, place, signed);
    if ("status" in head) return head;
    const attempt = await store.attempt(head.dispatchId);
    if (!attempt) return intake.refuse(404, "There is no such dispatch.");
    if (request.method === "HEAD") {
      const { dispatchId: owner, sha256 } = head;
      return uploadOffset(await this.#options.contents.offset({ owner, sha256 }));
    }
    return (await this.#known(head, attempt)) ?? this.#receive(request, head, attempt);
  }

  /** The answer to what is known already, or can never be taken any more, without its bytes. */
  async #known(head: Head, attempt: Attempt): Promise<Answer | null> {
    const { store, intake } = this.#options;
    const task = await store.task(attempt.taskId);
    const isLate = isOver(attempt) || task?.dispatchId !== attempt.id;
    const artifact = { ...artifactOf(head), size: head.size ?? 0 };
    const result = await this.#report(artifact, attempt, { onlyIfKnown: !isLate });
    return result.refusal?.code === "stale" ? null : intake.answerTo(result);
  }

  async #receive(request: IncomingMessage, head: Head, attempt: Attempt): Promise<Answer> {
    const { intake, contents, pace, addresses, metrics, maxBytes } = this.#options;
    const { dispatchId, sha256, size, from } = head;
    const ofDispatch = this.#underWay.get(dispatchId) ?? 0;
    if (ofDispatch >= PER_DISPATCH || this.#countUnderWay() >= AT_ONCE) {
      metrics.limited("uploads");
      return intake.refuse(429, "Too many artifacts are being uploaded; try again.", {}, BUSY_SECONDS);
    }
    this.#underWay.set(dispatchId, ofDispatch + 1);
    try {
      const body = uploadBody(request, (giveWay) => pace.open(addresses.of(request), giveWay));
      const part = { owner: dispatchId, sha256, from };
      const kept = await contents.keep(body, { sha256, size, maxBytes, part });
      return intake.answerTo(await this.#report({ ...artifactOf(head), size: kept }, attempt));
    } finally {
      const left = (this.#underWay.get(dispatchId) ?? 1) - 1;
      if (left > 0) this.#underWay.set(dispatchId, left);
      else this.#underWay.delete(dispatchId);
    }
  }

  #report(
    artifact: Artifact,
    { id: dispatchId, taskId, agentId }: Attempt,
    { onlyIfKnown = false } = {},
  ): Promise<ChangeResult> {
    const { store, now } = this.#options;
    const callback = { type: "artifact", taskId, agentId, artifact } as const;
    const change: TaskChange = { kind: "callback", taskId, dispatchId, callback, at: now().toISOString() };
    // Sent again, it is the same name with the same content.
    const key = `upload ${artifact.name} ${artifact.sha256}`;
    return store.change(change, { key: onlyIfKnown ? { key, onlyIfKnown } : { key } });
  }

  #headOf(
    { headers }: IncomingMessage,
    place: Pick<Head, "dispatchId" | "name">,
    { digest, range: given }: Signed,
  ): Head | Answer {
    const { intake, maxBytes } = this.#options;
    const sha256 = sha256Of(digest);
    if (sha256 === null) {
      const which = "Content-Digest, or Repr-Digest of the whole,";
      return intake.refuse(400, `${which} must tell one SHA-256, as sha-256=:…: with its base64.`);
    }
    const range = given === undefined ? null : parseContentRange(given);
    if (given !== undefined && range?.last !== (range?.size ?? 0) - 1) {
      return intake.refuse(400, "Content-Range must reach to the end of the whole, as bytes 1000-4999/5000.");
    }
    const name = artifactNameSchema.safeParse(place.name);
    if (!name.success) return intake.refuse(400, `The artifact's name ${name.error.issues[0]?.message}.`);
    const mediaType = mediaTypeSchema.safeParse(headers["content-type"] ?? UNKNOWN_MEDIA_TYPE);
    if (!mediaType.success) return intake.refuse(400, "Content-Type must be a media type, or left out.");
    if ((headers["content-encoding"] ?? "identity") !== "identity") {
      return intake.refuse(415, "Send the artifact without content encoding.");
    }
    const length = headers["content-length"];
    const ofBody = length === undefined ? null : Number(length);
    if (range && ofBody !== null && ofBody !== range.size - range.first) {
      return intake.refuse(400, "Content-Length is not that of the Content-Range.");
    }
    const size = range ? range.size : ofBody;
    if (size !== null && size > maxBytes) {
      return intake.refuse(413, `An artifact may be ${maxBytes / 1024 / 1024} MiB large at most.`);
    }
    const { dispatchId } = place;
    return { dispatchId, name: name.data, mediaType: mediaType.data, sha256, size, from: range?.first ?? 0 };
  }

  #countUnderWay(): number {
    let count = 0;
    for (const ofDispatch of this.#underWay.values()) count += ofDispatch;
    return count;
  }

  /** The answer to an upload that could not be taken; what is the server's own fault is thrown on. */
  #failed(error: unknown): Answer {
    const { intake, metrics } = this.#options;
    if (error instanceof UploadEndedError) {
      if (error.code === "aborted") return intake.refuse(400, error.message);
      metrics.limited("body_rate");
      return intake.refuse(408, error.message);
    }
    if (error instanceof ContentError && error.code === "offset") {
      return wrongOffset(intake.refuse(409, error.message), error.offset ?? 0);
    }
    if (error instanceof ContentError && error.code === "replaced") {
      return intake.refuse(503, error.message, {}, BUSY_SECONDS);
    }
    if (error instanceof ContentError && error.code !== "no_room") {
      return intake.refuse(error.code === "too_large" ? 413 : 400, error.message);
    }
    throw error;
  }
}

function artifactOf({ name, mediaType, sha256 }: Head): Omit<Artifact, "size"> {
  return { id: newId("artifact"), name, mediaType, sha256 };
}

/** What is signed of a request: of one with a body that is not the whole, the digest of the whole. */
function signedOf(
  { method, headers }: IncomingMessage,
  { dispatchId, name }: Pick<Head, "dispatchId" | "name">,
): Signed | null {
  const range = headers["content-range"];
  const digest = headers[method === "HEAD" || range !== undefined ? "repr-digest" : "content-digest"];
  if (typeof digest !== "string") return null;
  return { text: uploadText(dispatchId, name, digest, range), digest, range };
}

/** Which dispatch and name an upload's address tells; null where it tells none. */
function placeOf(url: string): Pick<Head, "dispatchId" | "name"> | null {
  const path = url.split("?", 1)[0] ?? "";
  const [dispatchId = "", segment, name = "", ...more] = path.slice(CALLBACK_PATH.length + 1).split("/");
  if (segment !== ARTIFACTS_SEGMENT || more.length > 0) return null;
  try {
    return { dispatchId: decodeURIComponent(dispatchId), name: decodeURIComponent(name) };
  } catch {
    return null;
  }
}
