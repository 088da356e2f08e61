import assert from "node:assert/strict";
import { test } from "node:test";
import { type CopyPage, copyText } from "./clipboard.ts";

/** A page as far as copying needs it: what a copy command would take, and where the text stood. */
function page(around: { clipboard?: Pick<Clipboard, "writeText">; allowed: boolean; dialog?: boolean }) {
  const done = { copied: null as string | null, place: "", left: 0 };
  const element = (name: string) => ({
    append() {
      done.place = name;
      done.left += 1;
    },
    closest: () => (around.dialog ? element("dialog") : null),
  });
  const area = {
    value: "",
    selected: false,
    select() {
      area.selected = true;
    },
    remove() {
      done.left -= 1;
    },
  };
  const document = {
    body: element("body"),
    activeElement: element("button"),
    createElement: () => area,
    execCommand() {
      if (around.allowed && area.selected) done.copied = area.value;
      return around.allowed;
    },
  } as unknown as Document;
  const navigator = around.clipboard ? { clipboard: around.clipboard } : {};
  return { done, page: { navigator, document } satisfies CopyPage };
}

test("copies through the clipboard where there is one", async () => {
  const written: string[] = [];
  const { done, page: here } = page({
    clipboard: { writeText: async (words) => void written.push(words) },
    allowed: false,
  });
  assert.equal(await copyText("a secret", here), true);
  assert.deepEqual(written, ["a secret"]);
  assert.equal(done.copied, null);
});

test("copies a selection over plain http, where there is no clipboard", async () => {
  const { done, page: here } = page({ allowed: true });
  assert.equal(await copyText("a secret", here), true);
  assert.equal(done.copied, "a secret");
  assert.equal(done.left, 0, "nothing stays in the page");
});

test("selects inside an open dialog, which keeps the focus to itself", async () => {
  const { done, page: here } = page({ allowed: true, dialog: true });
  await copyText("a secret", here);
  assert.equal(done.place, "dialog");
});

test("tries a selection when the clipboard refuses", async () => {
  const refuse = () => Promise.reject(new Error("NotAllowedError"));
  const { done, page: here } = page({ clipboard: { writeText: refuse }, allowed: true });
  assert.equal(await copyText("a secret", here), true);
  assert.equal(done.copied, "a secret");
});

test("says so when nothing was copied", async () => {
  const { done, page: here } = page({ allowed: false });
  assert.equal(await copyText("a secret", here), false);
  assert.equal(done.left, 0);
});
