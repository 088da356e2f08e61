import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { brotliCompressSync } from "node:zlib";
import { call, type HttpFixture, startHttp } from "../../test/http-fixture.ts";

const PAGE = "<!doctype html><title>Mission Control</title>";
const SCRIPT = "console.log('the dashboard');";
let folder: string;
let http: HttpFixture;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "mission-control-dashboard-"));
  mkdirSync(join(folder, "assets"));
  writeFileSync(join(folder, "index.html"), PAGE);
  writeFileSync(join(folder, "favicon.svg"), "<svg/>");
  writeFileSync(join(folder, "assets/index-abc.js"), SCRIPT);
  writeFileSync(join(folder, "assets/index-abc.js.br"), brotliCompressSync(SCRIPT));
  http = await startHttp({ dashboardFolder: folder });
});
after(async () => {
  await http.close();
  rmSync(folder, { recursive: true });
});

const browse = (path: string, method = "GET") =>
  call(http.url + path, { method, headers: { Accept: "text/html,*/*" } });

test("every page the app knows is its one page, without a log-in", async () => {
  for (const path of ["/", "/login", "/tasks/task_1?tab=events", "/index.html"]) {
    const { status, headers, body } = await browse(path);
    assert.equal(status, 200, path);
    assert.equal(body, PAGE, path);
    assert.match(headers.get("content-type") ?? "", /^text\/html/);
    assert.equal(headers.get("cache-control"), "no-cache", path);
    const policy = headers.get("content-security-policy") ?? "";
    assert.match(policy, /script-src 'self'(;|$)/);
    assert.match(policy, /frame-ancestors 'none'/);
  }
  assert.equal((await browse("/login", "HEAD")).status, 200);
});

test("files that change their name with their content are kept for ever, and sent compressed", async () => {
  const { status, headers, body } = await call(`${http.url}/assets/index-abc.js`, {
    headers: { "Accept-Encoding": "br" },
  });
  assert.equal(status, 200);
  assert.equal(body, SCRIPT);
  assert.equal(headers.get("content-encoding"), "br");
  assert.equal(headers.get("cache-control"), "public, max-age=31536000, immutable");
  assert.match(headers.get("content-type") ?? "", /javascript/);
  assert.equal((await call(`${http.url}/favicon.svg`)).headers.get("cache-control"), "no-cache");
});

test("what is neither a page nor a file is not found", async () => {
  assert.equal((await call(`${http.url}/assets/index-old.js`)).status, 404);
  assert.equal((await browse("/api/nothing")).status, 401);
  assert.equal((await http.call("GET", "/api/nothing", undefined, { Accept: "text/html" })).status, 404);
  assert.equal((await http.call("GET", "/api/tasks/t1/cancel")).status, 405);
  assert.equal((await browse("/tasks", "POST")).status, 404);
});

test("nothing outside the folder is served", async () => {
  for (const path of ["/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/assets/..%5c..%5cetc/passwd"]) {
    const { body } = await browse(path);
    assert.ok(!String(body.detail ?? body).includes("root:"), path);
  }
});

test("a dashboard that was not built says how to build it", async (t) => {
  const bare = await startHttp({ dashboardFolder: join(folder, "none") });
  t.after(() => bare.close());
  for (const path of ["/", "/login"]) {
    const { status, headers, body } = await call(bare.url + path, { headers: { Accept: "text/html" } });
    assert.equal(status, 200);
    assert.match(headers.get("content-type") ?? "", /^text\/plain/);
    assert.match(body, /npm run build/);
  }
});

test("under the path of the public URL, pages, files and the API are all there, and also at the root", async (t) => {
  const page =
    '<!doctype html><meta name="mission-control-base-path" content="" /><script src="/assets/index-abc.js"></script>';
  const built = mkdtempSync(join(tmpdir(), "mission-control-dashboard-"));
  mkdirSync(join(built, "assets"));
  writeFileSync(join(built, "index.html"), page);
  writeFileSync(join(built, "index.html.br"), brotliCompressSync(page));
  writeFileSync(join(built, "assets/index-abc.js"), SCRIPT);
  t.after(() => rmSync(built, { recursive: true }));
  const publicUrl = 'https://mc.example/a"b/';
  const below = await startHttp({ dashboardFolder: built, publicUrl });
  t.after(() => below.close());
  const ask = (path: string) =>
    call(below.url + path, { headers: { Accept: "text/html", "Accept-Encoding": "br" } });
  const expected =
    '<!doctype html><meta name="mission-control-base-path" content="/a%22b" /><script src="/a%22b/assets/index-abc.js"></script>';
  for (const path of [
    "/a%22b",
    "/a%22b/",
    "/a%22b?x=1",
    "/a%22b/tasks/t1",
    "/a%22b/index.html",
    "/",
    "/tasks/t1",
  ]) {
    const { status, headers, body } = await ask(path);
    assert.deepEqual([status, body], [200, expected], path);
    assert.match(headers.get("content-security-policy") ?? "", /script-src 'self'(;|$)/);
  }
  for (const path of ["/a%22b/assets/index-abc.js", "/assets/index-abc.js"]) {
    assert.equal((await ask(path)).body, SCRIPT, path);
  }
  for (const path of ["/a%22b/api/tasks", "/api/tasks"]) {
    assert.equal((await below.call("GET", path)).status, 200, path);
  }
  for (const path of ["/a%22bc/api/tasks", "/other/api/tasks"]) {
    assert.equal((await below.call("GET", path)).status, 404, path);
  }
});
