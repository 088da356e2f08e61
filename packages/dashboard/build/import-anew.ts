import type { Plugin } from "vite";

/** A dynamic import of another file of the build, minified or not. */
const DYNAMIC_IMPORT = /\bimport\((["'`])(\.\/[^"'`$]+\.js)\1\)/g;

/**
 * Lets every dynamic import of the build be made again under another name: `globalThis.importedAnew` is what its
 * specifier ends with. See src/ui/part.ts.
 */
export function importAnew(): Plugin {
  return {
    name: "import-anew",
    apply: "build",
    enforce: "post",
    generateBundle(_, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type !== "chunk") continue;
        file.code = file.code.replaceAll(
          DYNAMIC_IMPORT,
          (_, quote: string, path: string) => `import(${quote}${path}${quote}+(globalThis.importedAnew??""))`,
        );
      }
    },
  };
}
