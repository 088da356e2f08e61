import { Readable } from "node:stream";
import { artifactSchema, pageLimitSchema } from "@mission-control/protocol";
import { z } from "zod";
import type { Contents } from "../store/contents.ts";
import type { Store } from "../store/store.ts";
import { bytesSchema, PROBLEM_RESPONSE } from "./documentation.ts";
import type { HttpApp } from "./http-app.ts";
import { notFound } from "./problems.ts";

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

  app.get(
    "/api/tasks/:id/artifacts/:artifactId",
    {
      schema: {
        tags,
        operationId: "getArtifact",
        summary: "Download an artifact",
        params: z.object({ id: z.string(), artifactId: z.string() }),
        response: {
          200: {
            description: "Its bytes, under the media type that the agent told.",
            content: { "application/octet-stream": { schema: bytesSchema } },
          },
          ...PROBLEM_RESPONSE,
        },
      },
    },
    async (request, reply) => {
      const artifact = await store.artifact(request.params.id, request.params.artifactId);
      const content = artifact && (await contents.read(artifact.sha256));
      if (!content) throw notFound("artifact");
      return reply
        .header("Content-Type", artifact.mediaType)
        .header("Content-Length", content.size)
        .header("Content-Disposition", attachment(artifact.name))
        .header("Content-Security-Policy", ARTIFACT_POLICY)
        .header("ETag", `"${artifact.sha256}"`)
        .send(Readable.from(content.bytes, { objectMode: false }));
    },
  );
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
