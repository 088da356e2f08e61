// Puts the protocol's signing code, its rules for texts and how it makes folders into dist/ in place of the imports of them, so that the
// published package needs nothing but Node. Everything reaches each through one module of the same name in src/, and
// none has an import but Node's own modules.
import { readFileSync, writeFileSync } from "node:fs";

for (const module of ["signing", "entry-text", "file-text", "make-folder"]) {
  for (const extension of ["js", "d.ts"]) {
    const source = new URL(`../../protocol/dist/${module}.${extension}`, import.meta.url);
    const text = readFileSync(source, "utf8").replace(/^\/\/# sourceMappingURL=.*\n?/m, "");
    if (/from "(?!node:)/.test(text))
      throw new Error(`${source.pathname} imports more than Node's own modules.`);
    writeFileSync(new URL(`../dist/${module}.${extension}`, import.meta.url), text);
  }
}
