import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";

test("the server's code is loaded without Node.js's own `fetch`", () => {
  const script = `
    await import(${JSON.stringify(new URL("./index.ts", import.meta.url).href)});
    console.log(process.moduleLoadList.filter((name) => name.includes("undici")).join());`;
  const flags = ["--conditions=mission-control-source", "--disable-warning=ExperimentalWarning"];
  const output = execFileSync(process.execPath, [...flags, "--input-type=module", "--eval", script], {
    encoding: "utf8",
  });
  assert.equal(output.trim(), "");
});
