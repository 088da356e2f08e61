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

test("whatever TLS and the system say themselves is put into words", () => {
  const raw =
    "C0E7:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:../ssl3_record.c:355:";
  const of = (code: string | undefined, more: object = {}) =>
    explainNetworkError(Object.assign(new Error(raw), code === undefined ? {} : { code }, more));
  for (const code of [undefined, "EPROTO", "ERR_SSL_WRONG_VERSION_NUMBER", "ERR_SSL_SOMETHING_NEW"]) {
    assert.match(of(code), /TLS/);
    assert.doesNotMatch(of(code), /error:|routines/);
  }
  assert.equal(of("CERT_UNTRUSTED"), "its TLS certificate is not accepted");
  assert.match(of("HPE_INVALID_CONSTANT"), /not HTTP/);
  const odd = Object.assign(new Error("connect EODD 10.0.0.1:80"), { code: "EODD", syscall: "connect" });
  assert.equal(explainNetworkError(odd), "the connection failed (EODD)");
});

test("what is not known is passed on as it is", () => {
  assert.equal(explainNetworkError(new Error("odd")), "odd");
  assert.equal(explainNetworkError("odd"), "odd");
});
