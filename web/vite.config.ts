import { readdir, readFile, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** Where `npm run dev` finds a running Parlance server. */
const apiAddress = process.env.PARLANCE_DEV_API ?? "http://127.0.0.1:8000";

/** Packs each text file once, at build time; the server hands out the packed one where the browser takes it. */
function pack(): Plugin {
  return {
    name: "parlance-pack",
    apply: "build",
    async closeBundle() {
      const folder = new URL("dist/assets/", import.meta.url);
      const names = (await readdir(folder)).filter((name) => /\.(js|css|svg|ttf)$/.test(name));
      for (const name of names) {
        const file = new URL(name, folder);
        await writeFile(new URL(`${name}.gz`, folder), gzipSync(await readFile(file), { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  plugins: [react(), pack()],
  build: {
    outDir: "dist",
    assetsDir: "assets",
    sourcemap: false,
    // A data: script or worker would need a looser content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 4096,
    rolldownOptions: {
      // Notes to a compiler we do not run.
      checks: { moduleLevelDirective: false },
      input: { dashboard: "index.html", graphiql: "graphiql.html" },
    },
  },
  worker: { format: "es" },
  server: {
    proxy: {
      "/graphql": { target: apiAddress, ws: true },
      "/v1": { target: apiAddress },
    },
  },
});
