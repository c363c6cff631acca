import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { engineHash } from './engine-hash.ts';

/**
 * Bundles. `cli`: dist/cli.mjs, which `npm pack` ships, since Node strips no types under node_modules. Without an argument
 * each function as well: dist/<function>/index.mjs, and beside it what is loaded late. The same sources give the same bytes.
 */
const root = join(import.meta.dirname, '..');
const functions = ['admission'];
const [only] = process.argv.slice(2);

const common: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  minify: true,
  mainFields: ['module', 'main'],
  legalComments: 'none',
  sourcemap: false,
  logLevel: 'warning',
  // Some dependencies are CommonJS and call require for Node's own modules.
  banner: {
    js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
  },
};

await rm(join(root, 'dist'), { recursive: true, force: true });
await build({ ...common, entryPoints: ['cli/main.ts'], outfile: 'dist/cli.mjs' });
if (only !== 'cli') {
  const engine = await engineHash(root);
  for (const name of functions) {
    await build({
      ...common,
      entryPoints: { index: `functions/${name}.ts` },
      outdir: `dist/${name}`,
      outExtension: { '.js': '.mjs' },
      splitting: true,
      chunkNames: '[name]-[hash]',
      define: { COUNTERSIGN_ENGINE: JSON.stringify(engine) },
    });
  }
}
