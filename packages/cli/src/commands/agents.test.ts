import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { TestServer } from "../../test/test-server.ts";

let server: TestServer;
before(async () => {
  server = await TestServer.start();
});
after(() => server.close());

test("a name that is taken is refused, and free again once its agent is removed", async () => {
  const add = () => server.run("agents", "add", "twin", "--endpoint", "http://127.0.0.1:9");
  assert.equal((await add()).code, 0);
  const [{ id }] = (await server.api("GET", "/api/agents")).items;
  const refused = await add();
  assert.equal(refused.code, 1);
  assert.equal(
    refused.stderr,
    `There is an agent "twin" already, ${id}: choose another name, or remove that one first with mission-control agents rm ${id}\n`,
  );
  assert.equal((await server.api("GET", "/api/agents")).items.length, 1);
  const removed = await server.run("agents", "rm", "twin");
  assert.equal(removed.code, 0, removed.stderr);
  assert.equal(removed.stdout, `twin (${id}) is removed.\n`);
  assert.deepEqual((await server.api("GET", "/api/agents")).items, []);
  assert.match(
    (await server.run("agents", "rm", "twin")).stderr,
    /^There is no agent "twin"; known: none yet/,
  );
  assert.equal((await add()).code, 0);
});

test("an agent is added with what it need not ask for", async () => {
  const words = ["agents", "add", "trusted", "--endpoint", "http://127.0.0.1:9", "--allow-tool", "read"];
  const { stdout } = await server.run(...words, "--allow-command", "npm test", "--deny-others", "--json");
  const { id, permissions } = JSON.parse(stdout);
  const expected = { allowTools: ["read"], allowCommands: ["npm test"], otherwise: "deny" };
  assert.deepEqual(permissions, expected);
  assert.deepEqual((await server.api("GET", `/api/agents/${id}`)).permissions, expected);
});

test("a program that is not there is refused before an agent is registered for it", async () => {
  const before = (await server.api("GET", "/api/agents")).items.length;
  for (const flag of ["--exec", "--acp"]) {
    const { code, stdout, stderr } = await server.run(
      "agent",
      flag,
      "nonexistent-program",
      "--name",
      "ghost",
    );
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.match(stderr, /^"nonexistent-program" is not on the PATH: install it, or give its path\.\n$/);
  }
  assert.equal((await server.api("GET", "/api/agents")).items.length, before);
});
