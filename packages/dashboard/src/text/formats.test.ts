import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const source = dirname(dirname(fileURLToPath(import.meta.url)));

test("times, lengths, counts and money are written in one way: only the text folder formats them", () => {
  const others = globSync("**/*.{ts,tsx}", { cwd: source }).filter(
    (file) => !file.startsWith("text/") && !/\.test\.tsx?$/.test(file),
  );
  assert.ok(others.length > 100);
  const formatting = others.filter((file) =>
    /\bIntl\.(?!DateTimeFormat\(\)\.resolvedOptions)|\.toLocale\w*String\(|\.toFixed\(/.test(
      readFileSync(join(source, file), "utf8"),
    ),
  );
  assert.deepEqual(formatting, []);
});
