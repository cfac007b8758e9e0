import { lingui } from "@lingui/vite-plugin";
import react from "@vitejs/plugin-react";
import { VitePWA } from "vite-plugin-pwa";
import { defineConfig } from "vitest/config";

// Where `npm run dev` finds the API: the local cloud, as `make run` starts it.
const CLOUD = process.env.GATECALL ?? "http://localhost:8000";
const API = "^/(v1|docs|follow|account|s|local)(?=[/?]|$)"; // not /following

export default defineConfig({
  plugins: [
    react({ babel: { plugins: ["@lingui/babel-plugin-lingui-macro"] } }),
    lingui(),
    VitePWA({
      strategies: "injectManifest",
      srcDir: "src",
      filename: "sw.ts",
      injectRegister: false,
      manifest: {
        name: "Gatecall",
        short_name: "Gatecall",
        description: "Live departures and arrivals, and a message when your flight changes",
        start_url: "/",
        display: "standalone",
        id: "/",
        background_color: "#0e1116",
        theme_color: "#171c23",
        icons: [
          { src: "icon.svg", sizes: "any", type: "image/svg+xml" },
          { src: "icon-192.png", sizes: "192x192", type: "image/png" },
          { src: "icon-512.png", sizes: "512x512", type: "image/png" },
          { src: "icon-512-maskable.png", sizes: "512x512", type: "image/png", purpose: "maskable" },
        ],
      },
      injectManifest: { globPatterns: ["**/*.{js,css,html,svg}"] }, // of languages sw.ts takes those that are spoken
    }),
  ],
  build: {
    target: "es2022",
    minify: "terser",
    reportCompressedSize: false,
    license: { fileName: "licences.txt" }, // of all that is handed to browsers
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      output: {
        chunkFileNames: ({ facadeModuleId }) => {
          const language = /\/words\/([a-z]{2})\//.exec(facadeModuleId ?? "")?.[1];
          return language ? `assets/words-${language}-[name]-[hash].js` : "assets/[name]-[hash].js";
        },
      },
    },
  },
  server: {
    proxy: {
      [API]: CLOUD,
      "/ws": { target: CLOUD.replace("http", "ws"), ws: true },
    },
  },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/testing.ts"],
    restoreMocks: true,
    // the first of a file loads what it tests, on a busy machine for seconds
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
