import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import files from "@fastify/static";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { HttpApp } from "./http-app.ts";
import { PAGE_POLICY } from "./security-headers.ts";

const PAGE = "index.html";
/** Where the build puts files whose names change with their content. */
const HASHED_FOLDER = "assets";

const NOT_BUILT = `Mission Control is running; its API is at /api, described at /api/openapi.json.

The dashboard has not been built. In the project folder, run:

    npm run build

and start the server again.
`;

/**
 * The dashboard's build output, beside this package in the workspace; null when it was not built. The address holds
 * for this file and for the bundle it becomes part of: both are two folders below the package.
 */
export function dashboardFolder(): string | null {
  const folder = fileURLToPath(new URL("../../../dashboard/dist", import.meta.url));
  return existsSync(join(folder, PAGE)) ? folder : null;
}

/** Answers a browser's request for a page; false when the request is not one for a page. */
export type PageFallback = (request: FastifyRequest, reply: FastifyReply) => boolean;

/**
 * Serves the built dashboard, and its one page for every address the app knows by itself.
 * @param folder the build's output; null, or a folder without a page, answers with how to build it
 */
export async function dashboard(app: HttpApp, folder: string | null): Promise<PageFallback> {
  const built = folder !== null && existsSync(join(folder, PAGE));
  if (built) {
    await app.register(files, {
      root: folder,
      // A route a file: a wildcard would take every address, and hide which ones are not there.
      wildcard: false,
      preCompressed: true,
      cacheControl: false,
      setHeaders(response, file) {
        const hashed = basename(dirname(file)) === HASHED_FOLDER;
        response.header("Cache-Control", hashed ? "public, max-age=31536000, immutable" : "no-cache");
        response.header("Content-Security-Policy", PAGE_POLICY);
      },
    });
  }
  return (request, reply) => {
    if (!wantsPage(request)) return false;
    if (built) reply.sendFile(PAGE);
    else reply.type("text/plain; charset=utf-8").header("Cache-Control", "no-cache").send(NOT_BUILT);
    return true;
  };
}

function wantsPage({ method, headers, url }: FastifyRequest): boolean {
  if (method !== "GET" && method !== "HEAD") return false;
  return url === "/" || (headers.accept ?? "").includes("text/html");
}
