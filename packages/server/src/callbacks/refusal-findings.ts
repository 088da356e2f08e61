import { CALLBACK_PATH, idSchema, type Problem } from "@mission-control/protocol";
import { z } from "zod";
import type { RefusalFindings, RefusedRequest } from "../exchanges/refused-callbacks.ts";
import type { Answer } from "./answer.ts";
import type { SignatureVerifier } from "./signature.ts";

const STALE = "The time in its body is more than five minutes off this server's clock.";
const UNSIGNED_UPLOAD =
  "Its X-Signature-SHA256 is not one by the dispatch's secret over the dispatch, the name and the Content-Digest.";

/** What the operator is shown of a refused callback, and its sender is not. @param now Unix seconds */
export function findingsOf(
  { url, headers, body }: RefusedRequest,
  answer: Answer,
  verifier: Pick<SignatureVerifier, "fault">,
  now: number,
): RefusalFindings {
  const inUrl = segmentOf(url);
  const dispatchId = idIn(inUrl);
  const reason = reasonIn(answer);
  if (body === null) return { reason, what: "callback", dispatchId };
  const fault = verifier.fault(headers, body, inUrl, now);
  const is401 = answer.status === 401;
  if (fault !== null)
    return { reason: is401 ? fault : reason, what: "callback", isVerified: false, dispatchId };
  return { reason: is401 ? STALE : reason, isVerified: true, dispatchId, ...namedIn(body) };
}

/** The same of an upload, whose body is not looked at. */
export function uploadFindingsOf({ url }: RefusedRequest, answer: Answer): RefusalFindings {
  const dispatchId = idIn(segmentOf(url)?.split("/", 1)[0] ?? null);
  if (answer.status !== 401) return { reason: reasonIn(answer), what: "upload", dispatchId };
  return { reason: UNSIGNED_UPLOAD, what: "upload", isVerified: false, dispatchId };
}

/** What stands behind the callbacks' path in a URL, which names the dispatch; null for nothing, as on the shared one. */
export function segmentOf(url: string): string | null {
  const path = url.split("?", 1)[0] ?? "";
  const rest = path.slice(CALLBACK_PATH.length + 1);
  return rest === "" ? null : rest;
}

/** Anybody may write anything into a URL. */
function idIn(segment: string | null): string | undefined {
  return idSchema.safeParse(segment).data;
}

/** Why a callback was refused, with what was wrong in it. */
function reasonIn({ title, body }: Answer): string {
  return (JSON.parse(body) as Problem).detail ?? title;
}

const namesSchema = z.object({
  type: z.enum(["progress", "complete", "error", "permission", "artifact"]).optional().catch(undefined),
  taskId: idSchema.optional().catch(undefined),
  agentId: idSchema.optional().catch(undefined),
});

/** What a verified callback says it is about, as far as it can be read. */
function namedIn(body: Uint8Array): Pick<RefusalFindings, "what" | "taskId" | "agentId"> {
  let said: unknown;
  try {
    said = JSON.parse(Buffer.from(body).toString());
  } catch {
    return { what: "callback" };
  }
  const { data } = namesSchema.safeParse(said);
  return { what: data?.type ?? "callback", taskId: data?.taskId, agentId: data?.agentId };
}
