import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { explainNetworkError } from "./network-errors.ts";

test("a refused connection is said in words", async () => {
  const error = await new Promise((resolve) => connect(1, "127.0.0.1").on("error", resolve));
  assert.equal(explainNetworkError(error), "nothing listens there (connection refused)");
});

test("what fetch nests in its cause is found", async () => {
  const error = await fetch("http://127.0.0.1:1").catch((reason: unknown) => reason);
  // Port 1 is one that fetch refuses by itself.
  assert.equal(explainNetworkError(error), "bad port");
  const refused = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
  const nested = new TypeError("fetch failed", { cause: new AggregateError([refused]) });
  assert.equal(explainNetworkError(nested), "nothing listens there (connection refused)");
});

test("what is not known is passed on as it is", () => {
  assert.equal(explainNetworkError(new Error("odd")), "odd");
  assert.equal(explainNetworkError("odd"), "odd");
});
