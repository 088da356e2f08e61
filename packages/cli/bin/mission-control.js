#!/usr/bin/env node
const required = 24;
if (Number(process.versions.node.split(".")[0]) < required) {
  console.error(
    `mission-control needs Node.js ${required} or newer, this is ${process.version}: install Node ${required}, or run it through npm in the project folder.`,
  );
  process.exit(1);
}
// The code as V8 has compiled it is kept beside it, for the next command or start: compiling is a sixth of a server's start.
// Where this folder cannot be written, nothing is kept.
const { enableCompileCache } = await import("node:module");
enableCompileCache(`${import.meta.dirname}/../dist/compiled`);
await import("../dist/bundle/main.js");
