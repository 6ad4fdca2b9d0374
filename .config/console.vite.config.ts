// Builds src/console/ into dist/console/. With `npm run dev:console` it serves the sources, beside a server on port 4000.
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

export default defineConfig({
  root: path('../src/console'),
  plugins: [react()],
  // The client's source: a build needs no built package, and the console shows what is in this repository.
  resolve: {
    alias: [
      { find: /^@orderstream\/client$/, replacement: path('../src/client/index.ts') },
      { find: /^@orderstream\/client\/(.*)$/, replacement: `${path('../src/client')}/$1.ts` },
    ],
  },
  build: {
    outDir: path('../dist/console'),
    emptyOutDir: true,
    target: 'es2023',
    // Data URLs would need exceptions in the Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: false,
  },
  server: { proxy: { '/graphql': { target: 'http://127.0.0.1:4000', ws: true } } },
});
