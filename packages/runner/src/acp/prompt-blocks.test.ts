import assert from "node:assert/strict";
import { test } from "node:test";
import { promptOf } from "./prompt-blocks.ts";

const IMAGE = { name: "a b.png", mediaType: "image/png", size: 1, content: "AA==" };
const TEXT = { name: "notes.md", mediaType: "text/markdown", size: 9, content: btoa("```\nx\n```") };
const agent = (takes: Parameters<typeof promptOf>[2]["takes"]) => ({ name: "Agent", takes });

test("files go in the blocks that an agent's promptCapabilities allow", () => {
  assert.deepEqual(promptOf("see\0", [IMAGE, TEXT], agent({ image: true, embeddedContext: true })), {
    blocks: [
      { type: "text", text: "see\u2400" },
      { type: "image", mimeType: "image/png", data: "AA==" },
      {
        type: "resource",
        resource: {
          uri: "attachment:///attachments/notes.md",
          mimeType: "text/markdown",
          text: "```\nx\n```",
        },
      },
    ],
  });
  assert.deepEqual(promptOf("see", [IMAGE], agent({ embeddedContext: true })), {
    blocks: [
      { type: "text", text: "see" },
      {
        type: "resource",
        resource: { uri: "attachment:///attachments/a%20b.png", mimeType: "image/png", blob: "AA==" },
      },
    ],
  });
});

test("an agent that takes text alone gets text files as text, in a fence of their own, and refuses others by name", () => {
  assert.deepEqual(promptOf("see", [TEXT], agent({})), {
    blocks: [
      { type: "text", text: "see" },
      { type: "text", text: "notes.md:\n\n````\n```\nx\n```\n````" },
    ],
  });
  const refused = promptOf("see", [TEXT, IMAGE], agent({}));
  assert.match(
    "refusal" in refused ? refused.refusal : "",
    /^Agent takes no files like a b\.png \(image\/png\)/,
  );
});
