import { Readable } from "node:stream";
import { artifactSchema, pageLimitSchema } from "@mission-control/protocol";
import type { FastifyReply } from "fastify";
import { z } from "zod";
import type { Contents } from "../store/contents.ts";
import type { Store } from "../store/store.ts";
import type { Artifact } from "../tasks/artifact.ts";
import { rangeOf } from "./byte-range.ts";
import { bytesSchema, PROBLEM_RESPONSE } from "./documentation.ts";
import type { HttpApp } from "./http-app.ts";
import { notFound, ProblemError } from "./problems.ts";

export interface ArtifactRoutesParts {
  store: Pick<Store, "task" | "artifacts" | "artifact">;
  contents: Pick<Contents, "read">;
}

/** What a browser may do with an artifact that it shows all the same: an agent wrote it, and it may be anything. */
const ARTIFACT_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'";

const tags = ["Artifacts"];
const pageSchema = z.object({ items: z.array(artifactSchema), nextCursor: z.string().nullable() });
const cursorSchema = z.coerce.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER).default(0);

/** What a task's attempts have left behind (docs/contract.md, section 2). */
export function artifactRoutes(app: HttpApp, { store, contents }: ArtifactRoutesParts): void {
  app.get(
    "/api/tasks/:id/artifacts",
    {
      schema: {
        tags,
        operationId: "listArtifacts",
        summary: "List what a task's attempts have left behind, oldest first",
        params: z.object({ id: z.string() }),
        querystring: z.object({ cursor: cursorSchema, limit: pageLimitSchema }),
        response: { 200: pageSchema, ...PROBLEM_RESPONSE },
      },
    },
    async (request) => {
      const { id } = request.params;
      const { cursor, limit } = request.query;
      if (!(await store.task(id))) throw notFound("task");
      const { items, nextCursor } = await store.artifacts(id, cursor, limit);
      return { items: items.map(({ taskId: _, ...artifact }) => artifact), nextCursor };
    },
  );

  const bytes = (description: string) => ({
    description,
    content: { "application/octet-stream": { schema: bytesSchema } },
  });
  const url = "/api/tasks/:id/artifacts/:artifactId";
  const params = z.object({ id: z.string(), artifactId: z.string() });
  // Fastify's own answer to HEAD would read all of it.
  app.head(url, { schema: { hide: true, params } }, async ({ params: { id, artifactId } }, reply) => {
    const artifact = await store.artifact(id, artifactId);
    if (!artifact) throw notFound("artifact");
    describe(reply, artifact).header("Content-Length", artifact.size).send();
    return reply;
  });
  app.route({
    method: "GET",
    url,
    exposeHeadRoute: false,
    schema: {
      tags,
      operationId: "getArtifact",
      summary: "Download an artifact",
      description:
        "`Range` asks for a part of it, as in RFC 9110; its `ETag` is strong, and good for `If-Range`.",
      params,
      response: {
        200: bytes("Its bytes, under the media type that the agent told."),
        206: bytes("The range of its bytes that was asked for."),
        ...PROBLEM_RESPONSE,
      },
    },
    handler: async (request, reply) => {
      const artifact = await store.artifact(request.params.id, request.params.artifactId);
      if (!artifact) throw notFound("artifact");
      const { sha256, size } = artifact;
      const range = rangeOf(request.headers, size, etagOf(artifact));
      if (range === "unsatisfiable") {
        const headers = { "Content-Range": `bytes */${size}` };
        throw new ProblemError(416, `The artifact has ${size} bytes: the range begins behind them.`, {
          headers,
        });
      }
      const content = await contents.read(sha256, range ?? undefined);
      if (!content) throw notFound("artifact");
      describe(reply, artifact).header("Content-Length", range ? range.last + 1 - range.first : size);
      if (range) reply.code(206).header("Content-Range", `bytes ${range.first}-${range.last}/${size}`);
      return reply.send(Readable.from(content.bytes, { objectMode: false }));
    },
  });
}

/** A strong one (RFC 9110, section 8.8.3): equal contents have the same. */
function etagOf({ sha256 }: Artifact): string {
  return `"${sha256}"`;
}

/** The headers that an artifact has whole or in part: an agent wrote it, and it may be anything. */
function describe<Reply extends FastifyReply>(reply: Reply, artifact: Artifact): Reply {
  reply
    .header("Content-Type", artifact.mediaType)
    .header("Content-Disposition", attachment(artifact.name))
    .header("Content-Security-Policy", ARTIFACT_POLICY)
    .header("Accept-Ranges", "bytes")
    .header("ETag", etagOf(artifact));
  return reply;
}

/** `Content-Disposition` for a file of any name: in ASCII for the oldest readers, and as it is (RFC 6266, RFC 8187). */
export function attachment(name: string): string {
  const ascii = name.replaceAll(/[^\x20-\x7e]|["\\%]/g, "_");
  const encoded = encodeURIComponent(name).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}
