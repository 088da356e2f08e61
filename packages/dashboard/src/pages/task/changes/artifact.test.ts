import assert from "node:assert/strict";
import { test } from "node:test";
import type { ArtifactView } from "@mission-control/protocol";
import { latestArtifacts, MOST_PREVIEWED, previewOf } from "./artifact.ts";

const preview = (name: string, mediaType: string, size = 100) => previewOf({ name, mediaType, size });

test("patches, pictures and texts are shown; what a browser would run is text or a download", () => {
  assert.equal(preview("change.patch", "text/x-patch"), "diff");
  assert.equal(preview("change.diff", "text/plain; charset=utf-8"), "diff");
  assert.equal(preview("shot.png", "image/PNG"), "image");
  assert.equal(preview("report.md", "text/markdown"), "text");
  assert.equal(preview("page.html", "text/html"), "text");
  assert.equal(preview("data.json", "application/vnd.report+json"), "text");
  assert.equal(preview("logo.svg", "image/svg+xml"), "text");
  assert.equal(preview("change.patch", "application/octet-stream"), null);
  assert.equal(preview("report.pdf", "application/pdf"), null);
  assert.equal(preview("big.txt", "text/plain", MOST_PREVIEWED + 1), null);
});

test("newest first, and what was handed in again stands for what it was before", () => {
  const artifact = (id: string, name: string, dispatchId: string, second: number): ArtifactView => ({
    id,
    name,
    dispatchId,
    mediaType: "text/plain",
    size: 1,
    sha256: "",
    createdAt: `2026-11-23T10:00:0${second}.000Z`,
  });
  const latest = latestArtifacts([
    artifact("1", "change.patch", "dsp_1", 1),
    artifact("2", "notes.md", "dsp_1", 2),
    artifact("3", "change.patch", "dsp_1", 3),
    artifact("4", "change.patch", "dsp_2", 4),
  ]);
  assert.deepEqual(
    latest.map(({ id }) => id),
    ["4", "3", "2"],
  );
});
