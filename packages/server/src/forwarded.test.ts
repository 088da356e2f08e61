import assert from "node:assert/strict";
import { test } from "node:test";
import { ClientAddresses } from "./client-address.ts";
import { cameByHttps, requestedHost } from "./forwarded.ts";

const headers = {
  host: "backend:4000",
  "x-forwarded-host": "mc.example, inner.example",
  "x-forwarded-proto": "HTTPS, http",
};
const proxies = new ClientAddresses(["127.0.0.1"]);

test("host and scheme are what the outermost proxy says", () => {
  const request = { socket: { remoteAddress: "::ffff:127.0.0.1" }, headers };
  assert.equal(requestedHost(request, proxies), "mc.example");
  assert.equal(cameByHttps(request, proxies), true);
  const silent = { ...request, headers: { host: "backend:4000" } };
  assert.equal(requestedHost(silent, proxies), "backend:4000");
  assert.equal(cameByHttps(silent, proxies), false);
});

test("from anybody else such headers are only text", () => {
  const request = { socket: { remoteAddress: "192.0.2.1" }, headers };
  assert.equal(requestedHost(request, proxies), "backend:4000");
  assert.equal(cameByHttps(request, proxies), false);
  const here = { socket: { remoteAddress: "127.0.0.1" }, headers };
  assert.equal(requestedHost(here, new ClientAddresses()), "backend:4000");
  assert.equal(cameByHttps(here, new ClientAddresses()), false);
});
