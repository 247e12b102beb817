import { defineConfig } from "vite";

// Relative addresses inside the build, so that it works under any STATIC_URL; names carry their own hash.
export default defineConfig({
  base: "./",
  build: {
    outDir: "../static/build",
    emptyOutDir: true,
    manifest: "manifest.json",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    rollupOptions: { input: "src/main.ts" },
  },
});
