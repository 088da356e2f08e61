import assert from "node:assert/strict";
import { test } from "node:test";
import { artifactNameSchema } from "@mission-control/protocol";
import fc from "fast-check";
import { type Attached, freeName, readFiles, whyNotMore, withMore } from "./attached.ts";

const file = (name: string, size = 1): Attached => ({ name, mediaType: "text/plain", size, content: "" });

test("files get names that the server takes, and each one of its own", () => {
  assert.equal(freeName("../a\\b\n.txt", []), ".._a_b_.txt");
  assert.equal(freeName("..", []), "file");
  assert.equal(freeName(".env", [file(".env")]), ".env-2");
  const all = withMore([file("image.png")], [file("image.png"), file("image.png")]);
  assert.deepEqual(
    all.map(({ name }) => name),
    ["image.png", "image-2.png", "image-3.png"],
  );
});

test("a message takes so many files, of so many bytes together", () => {
  const eight = Array.from({ length: 8 }, (_, index) => file(String(index)));
  assert.match(whyNotMore(eight, [file("more")]) ?? "", /8 files/);
  assert.match(whyNotMore([file("a", 5_000_000)], [file("b", 5_000_000)]) ?? "", /large together/);
  assert.equal(whyNotMore(eight.slice(1), [file("more")]), null);
});

test("a file is read whole, and one of no known type is bytes", async () => {
  const bytes = new Uint8Array(20_000).fill(255);
  const [read, odd] = await readFiles([
    new File([bytes], "a.png", { type: "image/png" }),
    new File(["x"], "b", { type: "" }),
  ]);
  assert.equal(read?.content, Buffer.from(bytes).toString("base64"));
  assert.deepEqual(
    [read?.size, read?.mediaType, odd?.mediaType],
    [20_000, "image/png", "application/octet-stream"],
  );
});

test("whatever files are called, the server takes their names, and no two are one", () => {
  const letter = fc.constantFrom(
    "a",
    ".",
    " ",
    "/",
    "\\",
    "\n",
    "\u0000",
    "\u00e9",
    "\u{1F680}",
    "\ud800",
    "\u2029",
  );
  const name = fc.oneof(
    fc.string({ unit: letter, maxLength: 260 }),
    fc.constantFrom(
      "",
      ".",
      "..",
      "a/b",
      "x".repeat(300),
      `${"x".repeat(198)}\u{1F680}.png`,
      "a\u2028b\u2029c",
      "image.png",
    ),
  );
  fc.assert(
    fc.property(fc.array(name, { maxLength: 5 }), (names) => {
      const all = withMore(
        [],
        [...names, ...names].map((one) => file(one)),
      );
      assert.equal(new Set(all.map((one) => one.name)).size, names.length * 2);
      for (const { name } of all) assert.equal(artifactNameSchema.safeParse(name).success, true, name);
    }),
    { numRuns: 60 },
  );
});
