// Puts the protocol's signing code into dist/ in place of the import of it, so that the published package needs
// nothing but Node. Everything reaches it through one module (src/signing.ts), which has no import but node:crypto.
import { readFileSync, writeFileSync } from "node:fs";

for (const extension of ["js", "d.ts"]) {
  const source = new URL(`../../protocol/dist/signing.${extension}`, import.meta.url);
  const text = readFileSync(source, "utf8").replace(/^\/\/# sourceMappingURL=.*\n?/m, "");
  if (/from "(?!node:)/.test(text))
    throw new Error(`${source.pathname} imports more than Node's own modules.`);
  writeFileSync(new URL(`../dist/signing.${extension}`, import.meta.url), text);
}
