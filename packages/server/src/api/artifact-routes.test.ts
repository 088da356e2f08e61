import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { artifactSchema } from "@mission-control/protocol";
import { pieces } from "../../test/conformance/contents.ts";
import { type HttpFixture, startHttp, TOKEN } from "../../test/http-fixture.ts";
import { attachment } from "./artifact-routes.ts";

let http: HttpFixture;
before(async () => {
  http = await startHttp();
});
after(() => http.close());

test("artifacts are listed and downloaded, safely whatever they are", async () => {
  const endpoint = { kind: "http", url: "http://127.0.0.1:9/agent" };
  const { id: agentId } = (await http.call("POST", "/api/agents", { name: "builder", endpoint })).body;
  const { id } = (await http.call("POST", "/api/tasks", { title: "Build" })).body;
  const { dispatchId } = (await http.call("POST", `/api/tasks/${id}/dispatch`, { agentId })).body;
  const bytes = Buffer.from("<script>alert(1)</script>");
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  await http.contents.keep(pieces(bytes), { sha256, size: bytes.length, maxBytes: bytes.length });
  const artifact = { id: "artifact_1", name: 'é".html', mediaType: "text/html", size: bytes.length, sha256 };
  const callback = { taskId: id, agentId, type: "artifact", artifact } as const;
  const at = http.clock.now().toISOString();
  await http.store.change({ kind: "callback", taskId: id, dispatchId, callback, at });

  const { body } = await http.call("GET", `/api/tasks/${id}/artifacts`);
  assert.deepEqual(body, { items: [{ ...artifact, dispatchId, createdAt: at }], nextCursor: null });
  assert.deepEqual(artifactSchema.parse(body.items[0]), body.items[0]);

  const path = `${http.url}/api/tasks/${id}/artifacts/artifact_1`;
  const response = await fetch(path, { headers: { Authorization: `Bearer ${TOKEN}` } });
  assert.equal(await response.text(), bytes.toString());
  const headers = Object.fromEntries(response.headers);
  assert.equal(headers["content-type"], "text/html");
  assert.equal(headers["content-length"], String(bytes.length));
  assert.equal(
    headers["content-disposition"],
    `attachment; filename="__.html"; filename*=UTF-8''%C3%A9%22.html`,
  );
  assert.equal(headers["x-content-type-options"], "nosniff");
  assert.match(headers["content-security-policy"] ?? "", /default-src 'none'; sandbox/);
  assert.equal(headers.etag, `"${sha256}"`);
  assert.equal(headers["accept-ranges"], "bytes");

  const asked = (more: Record<string, string>, method = "GET") =>
    fetch(path, { method, headers: { Authorization: `Bearer ${TOKEN}`, ...more } });
  const part = await asked({ Range: "bytes=8-", "If-Range": `"${sha256}"` });
  assert.deepEqual(
    [part.status, part.headers.get("content-range"), part.headers.get("content-length"), await part.text()],
    [206, "bytes 8-24/25", "17", bytes.subarray(8).toString()],
  );
  for (const name of ["content-disposition", "x-content-type-options", "content-security-policy", "etag"]) {
    assert.equal(part.headers.get(name), headers[name], name);
  }
  const changed = await asked({ Range: "bytes=8-", "If-Range": '"other"' });
  assert.deepEqual([changed.status, await changed.text()], [200, bytes.toString()]);
  const behind = await asked({ Range: "bytes=25-" });
  assert.deepEqual([behind.status, behind.headers.get("content-range")], [416, "bytes */25"]);
  const head = await asked({ Range: "bytes=8-" }, "HEAD");
  assert.deepEqual([head.status, head.headers.get("content-length"), await head.text()], [200, "25", ""]);
  assert.equal(head.headers.get("etag"), headers.etag);

  // As a download that curl was stopped in goes on.
  const file = join(mkdtempSync(join(tmpdir(), "mission-control-curl-")), "half");
  writeFileSync(file, bytes.subarray(0, 10));
  const flags = ["-sS", "--fail", "-C", "-", "-o", file, "-H", `Authorization: Bearer ${TOKEN}`];
  await promisify(execFile)("curl", [...flags, path]);
  assert.equal(readFileSync(file, "utf8"), bytes.toString());
  rmSync(dirname(file), { recursive: true });

  assert.equal((await fetch(path)).status, 401);
  assert.equal((await http.call("GET", `/api/tasks/${id}/artifacts/artifact_2`)).status, 404);
  assert.equal((await http.call("GET", "/api/tasks/nobody/artifacts/artifact_1")).status, 404);
  assert.equal((await http.call("GET", "/api/tasks/nobody/artifacts")).status, 404);
});

test("the name of a download is as it was told, and readable in ASCII", () => {
  assert.equal(attachment("plain.txt"), `attachment; filename="plain.txt"; filename*=UTF-8''plain.txt`);
  assert.equal(
    attachment("50% (a*b)'.md"),
    `attachment; filename="50_ (a*b)'.md"; filename*=UTF-8''50%25%20%28a%2Ab%29%27.md`,
  );
});
