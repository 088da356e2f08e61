import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defaultClientConditions, defineConfig } from "vite";
import { importAnew } from "./build/import-anew.ts";
import { precompress } from "./build/precompress.ts";

/** Where `vite` (the development server) finds the API. */
const server = process.env.MISSION_CONTROL_URL ?? "http://127.0.0.1:4000";

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  plugins: [react(), importAnew(), precompress()],
  worker: { format: "es" },
  // The protocol as it is written, whether it was compiled or not.
  resolve: { conditions: ["mission-control-source", ...defaultClientConditions] },
  // The page's own addresses begin at the root, where the server puts its base path before them; scripts and styles
  // find their neighbours from where they are themselves.
  experimental: {
    renderBuiltUrl: (file, { hostType }) => (hostType === "html" ? `/${file}` : { relative: true }),
  },
  build: {
    target: "es2023",
    // Inlined as data: URLs, fonts and scripts would need exceptions from the content security policy.
    assetsInlineLimit: 0,
    modulePreload: {
      polyfill: false,
      // Of what the page begins with. A preload that fails is remembered as the module's own failure, which importing
      // a later part anew could not make good.
      resolveDependencies: (_, files, { hostType }) => (hostType === "html" ? files : []),
    },
    // One style for all pages: it is small, and no page is ever drawn without it.
    cssCodeSplit: false,
    manifest: true,
    // How long each plugin took is of no use to whoever starts the server for the first time.
    rolldownOptions: {
      checks: { bundlerTimings: false },
      // What the first page needs is one file: in many small ones, shared with pages loaded later, it packs worse.
      output: {
        codeSplitting: {
          groups: [{ name: "frame", test: /\/dashboard\/src\/app\/app\.tsx$|\/node_modules\/react-dom\// }],
        },
      },
    },
  },
  server: { proxy: { "/api": server, "/metrics": server } },
});
