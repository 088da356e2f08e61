import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const source = fileURLToPath(new URL("..", import.meta.url));
const RULE = /([^{}]+)\{([^{}]*)\}/g;
const SCROLLS = /overflow(?:-[xy])?:\s*(?:auto|scroll)/;
/** Makes an element the containing block of what stands in it absolutely. */
const CONTAINS = /position:\s*(?:relative|absolute|fixed|sticky)|contain:\s*strict/;

test("whatever scrolls also holds what is hidden for the eyes alone", () => {
  // Otherwise an absolute element far down in it makes whatever is around it scroll as well.
  const files = globSync("**/*.css", { cwd: source });
  assert.ok(files.length > 20);
  const loose: string[] = [];
  for (const file of files) {
    const rules = [...readFileSync(join(source, file), "utf8").matchAll(RULE)].map(
      ([, selector = "", body = ""]) => ({ selector: selector.trim().split("\n").at(-1) ?? "", body }),
    );
    for (const { selector, body } of rules) {
      if (!SCROLLS.test(body) || /\bpre$/.test(selector)) continue;
      const own = rules.filter((rule) => rule.selector === selector.replace(/^\.withPanel /, ""));
      if (!own.some((rule) => CONTAINS.test(rule.body))) loose.push(`${file}: ${selector}`);
    }
  }
  assert.deepEqual(loose, []);
});
