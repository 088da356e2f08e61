import assert from "node:assert/strict";
import { test } from "node:test";
import type { TranscriptEntry } from "@mission-control/protocol";
import { entryText } from "./entry-text.ts";

const at = "2026-11-23T10:00:00.000Z";
const place = { eventId: 1, lastEventId: 1, dispatchId: "d1", attempt: 1, timestamp: at, updatedAt: at };

test("an output that was cut says which artifact has all of it", () => {
  const entry: TranscriptEntry = {
    ...place,
    kind: "tool",
    name: "make",
    output: "first\n[… 9 bytes left out …]\nlast\n",
    outputArtifact: "tool-t-output.txt",
  };
  assert.match(
    entryText(entry),
    /^[\d:]+ {2}make\n {4}first\n.*\n {4}last\n {4}The whole output is the artifact tool-t-output\.txt\.$/,
  );
});
