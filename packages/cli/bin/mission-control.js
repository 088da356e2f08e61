#!/usr/bin/env node
const required = 24;
if (Number(process.versions.node.split(".")[0]) < required) {
  console.error(
    `mission-control needs Node.js ${required} or newer, this is ${process.version}: install Node ${required}, or run it through npm in the project folder.`,
  );
  process.exit(1);
}
await import("../dist/bundle/main.js");
