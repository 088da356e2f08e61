import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import files from "@fastify/static";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { HttpApp } from "./http-app.ts";
import { PAGE_POLICY } from "./security-headers.ts";

const PAGE = "index.html";
/** Where the build puts files whose names change with their content. */
const HASHED_FOLDER = "assets";

/** Where the page says its base path; empty as it is built. */
const BASE_PATH_META = /<meta name="mission-control-base-path" content="" ?\/?>/;

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
 * @param basePath the path under which browsers have the server; empty for the root
 */
export async function dashboard(
  app: HttpApp,
  folder: string | null,
  basePath: string,
): Promise<PageFallback> {
  const built = folder !== null && existsSync(join(folder, PAGE));
  const page =
    built && basePath !== "" ? pageUnder(basePath, readFileSync(join(folder, PAGE), "utf8")) : null;
  if (built) {
    await app.register(files, {
      root: folder,
      // A route a file: a wildcard would take every address, and hide which ones are not there.
      wildcard: false,
      // The page as it was built is for the root alone.
      ...(page === null ? {} : { index: false as const, globIgnore: [PAGE, `${PAGE}.*`] }),
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
    if (page !== null) {
      reply.header("Cache-Control", "no-cache").header("Content-Security-Policy", PAGE_POLICY);
      reply.type("text/html; charset=utf-8").send(page);
    } else if (built) reply.sendFile(PAGE);
    else reply.type("text/plain; charset=utf-8").header("Cache-Control", "no-cache").send(NOT_BUILT);
    return true;
  };
}

/**
 * The page for browsers that have the server under a path: what it loads is found there, and it says the path itself, for
 * what the dashboard asks and links to. Everything else of the build refers to its neighbours by relative addresses.
 */
function pageUnder(basePath: string, html: string): string {
  const content = basePath.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
  return html
    .replaceAll(/\b(href|src)="\/(?!\/)/g, `$1="${content}/`)
    .replace(BASE_PATH_META, `<meta name="mission-control-base-path" content="${content}" />`);
}

function wantsPage({ method, headers, url }: FastifyRequest): boolean {
  if (method !== "GET" && method !== "HEAD") return false;
  return url === "/" || (headers.accept ?? "").includes("text/html");
}
