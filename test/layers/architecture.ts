// npm run architecture: draws the pictures in docs/architecture.md anew.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./imports.ts";
import { withPictures } from "./picture.ts";

const path = join(root, "docs/architecture.md");
writeFileSync(path, withPictures(readFileSync(path, "utf8")));
