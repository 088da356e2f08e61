import assert from "node:assert/strict";
import { test } from "node:test";
import { promptOf } from "./prompt-blocks.ts";

const IMAGE = { name: "a b.png", mediaType: "image/png", size: 1, content: "AA==" };
const TEXT = { name: "notes.md", mediaType: "text/markdown", size: 9, content: btoa("```\nx\n```") };
const agent = (takes: Parameters<typeof promptOf>[2]["takes"]) => ({ name: "Agent", takes });

test("text files go as text, in a fence of their own, and images to an agent whose promptCapabilities allow them", () => {
  const drawing = { name: "a.svg", mediaType: "image/svg+xml", size: 6, content: btoa("<svg/>") };
  assert.deepEqual(promptOf("see\0", [IMAGE, TEXT, drawing], agent({ image: true, embeddedContext: true })), {
    blocks: [
      { type: "text", text: "see\u2400" },
      { type: "image", mimeType: "image/png", data: "AA==" },
      { type: "text", text: "notes.md:\n\n````\n```\nx\n```\n````" },
      { type: "text", text: "a.svg:\n\n```\n<svg/>\n```" },
    ],
  });
});

test("any other file is refused by name: as an embedded resource, agents pass it over", () => {
  const pdf = { name: "r.pdf", mediaType: "application/pdf", size: 1, content: "AA==" };
  for (const [file, takes, words] of [
    [IMAGE, { embeddedContext: true }, /^Agent takes no files like a b\.png \(image\/png\)/],
    [pdf, { image: true, embeddedContext: true }, /^Agent takes no files like r\.pdf \(application\/pdf\)/],
  ] as const) {
    const refused = promptOf("see", [TEXT, file], agent(takes));
    assert.match("refusal" in refused ? refused.refusal : "", words);
  }
});
