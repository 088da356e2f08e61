import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { SETTINGS } from "@mission-control/protocol/settings";
import { validate } from "dockerfile-utils";
import { Deployment } from "kubernetes-models/apps/v1";
import { Ingress } from "kubernetes-models/networking.k8s.io/v1";
import { PodDisruptionBudget } from "kubernetes-models/policy/v1";
import { Service } from "kubernetes-models/v1";
import { parse, parseAllDocuments } from "yaml";
import { findProgram } from "./debian.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const read = (file) => readFileSync(join(ROOT, file), "utf8");

/** Where the image keeps it, and the parts that its second stage copies out of the first one. */
const IMAGE_FOLDER = "/opt/mission-control";
const COPY = /^COPY --from=build \/build\/(\S+) (\S+)$/gm;

test("the image's files are all that the server needs, and it answers its health check", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "mission-control-image-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const dockerfile = read("Dockerfile");
  const copies = [...dockerfile.matchAll(COPY)];
  assert.ok(copies.length > 5);
  for (const [, from = "", to = ""] of copies) {
    const target = to.endsWith("/") ? join(folder, to, from) : join(folder, to);
    mkdirSync(dirname(target), { recursive: true });
    cpSync(join(ROOT, from), target, { recursive: true });
  }
  const [, pointsTo = "", link = ""] = /ln -s (\.\.\S+) (\S+)/.exec(dockerfile) ?? [];
  mkdirSync(dirname(join(folder, link)), { recursive: true });
  symlinkSync(pointsTo, join(folder, link));
  const [, command = ""] = new RegExp(`ln -s ${IMAGE_FOLDER}/(\\S+)`).exec(dockerfile) ?? [];
  const server = spawn(process.execPath, [join(folder, command), "start", "--port", "0", "--json"], {
    env: { MISSION_CONTROL_DATA_DIR: join(folder, "data") },
    stdio: ["ignore", "pipe", "inherit"],
  });
  context.after(() => server.kill("SIGKILL"));
  const [line] = await once(createInterface({ input: server.stdout }), "line");
  const { url } = JSON.parse(line);
  const page = await fetch(`${url}/`);
  assert.match(await page.text(), /<title>Mission Control<\/title>/);
  const [, check = ""] = /HEALTHCHECK[\s\S]*?CMD (\[.*\])$/m.exec(dockerfile) ?? [];
  const [, ...args] = JSON.parse(check);
  const health = (port) => spawnSync(process.execPath, args, { env: { PORT: port } }).status;
  assert.equal(health(new URL(url).port), 0);
  const ended = once(server, "exit");
  server.kill("SIGTERM");
  await ended;
  assert.equal(health(new URL(url).port), 1);
});

test("a linter finds nothing in the Dockerfile", () => {
  assert.deepEqual(validate(read("Dockerfile")), []);
});

test("the Compose file names services, volumes, settings and a Caddyfile that there are", (context) => {
  const { services, volumes, configs } = parse(read("deploy/compose.yaml"), { merge: true });
  for (const { depends_on: needed = {}, volumes: mounts = [], configs: files = [] } of Object.values(
    services,
  )) {
    for (const name of Object.keys(needed))
      assert.ok(services[name].healthcheck || services[name].build, name);
    for (const mount of mounts) assert.ok(mount.split(":")[0] in volumes, mount);
    for (const { source } of files) assert.ok(source in configs, source);
  }
  const { one, two } = services;
  assert.deepEqual(one.environment, two.environment);
  checkSettings(Object.keys(one.environment));
  const caddy = findProgram("caddy");
  if (!caddy)
    return context.diagnostic("Caddy is not installed: what it makes of its file was not looked at.");
  const folder = mkdtempSync(join(tmpdir(), "mission-control-compose-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "Caddyfile");
  writeFileSync(file, configs.caddyfile.content.replaceAll("$$", "$"));
  const { status, stderr } = spawnSync(caddy, ["validate", "--adapter", "caddyfile", "--config", file], {
    env: { SITE: ":80", HOME: folder },
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
});

test("the Kubernetes manifests are of their schemas, and belong together", () => {
  const manifests = parseAllDocuments(read("deploy/kubernetes/mission-control.yaml"), { merge: true }).map(
    (document) => document.toJS(),
  );
  const kinds = { Deployment, PodDisruptionBudget, Service, Ingress };
  for (const manifest of manifests) new kinds[manifest.kind](manifest).validate();
  assert.deepEqual(
    manifests.map(({ kind }) => kind),
    Object.keys(kinds),
  );
  const [deployment, budget, service, ingress] = manifests;
  const { labels } = deployment.spec.template.metadata;
  for (const selector of [
    deployment.spec.selector.matchLabels,
    budget.spec.selector.matchLabels,
    service.spec.selector,
  ]) {
    assert.deepEqual(selector, labels);
  }
  assert.ok(budget.spec.minAvailable < deployment.spec.replicas);
  const [backend] = ingress.spec.rules[0].http.paths;
  assert.equal(backend.backend.service.name, service.metadata.name);
  const [container] = deployment.spec.template.spec.containers;
  assert.equal(service.spec.ports[0].targetPort, container.ports[0].name);
  checkSettings(container.env.map(({ name }) => name));
});

/** A name that no setting has stops a start. */
function checkSettings(names) {
  const known = new Set(Object.values(SETTINGS).map(({ environment }) => environment));
  for (const name of names) assert.ok(known.has(name), `there is no setting ${name}`);
}
