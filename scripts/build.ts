import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { engineHash } from './engine-hash.ts';

/**
 * Bundles. `cli`: dist/cli.cjs, which `npm pack` ships, since Node strips no types under node_modules: CommonJS, so that
 * bin/compiled.js can keep its compiled code. Without an argument each function as well: dist/<function>/index.mjs, and beside it
 * what is loaded late. The same sources give the same bytes.
 */
const root = join(import.meta.dirname, '..');
const functions = ['admission'];
const [only] = process.argv.slice(2);

const common: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node24',
  minify: true,
  mainFields: ['module', 'main'],
  legalComments: 'none',
  sourcemap: false,
  logLevel: 'warning',
  // undici's own switch: its second HTTP parser, an experiment that nothing here turns on, is left out.
  define: { esbuildDetection: 'true' },
};

await rm(join(root, 'dist'), { recursive: true, force: true });
await build({ ...common, format: 'cjs', entryPoints: ['cli/main.ts'], outfile: 'dist/cli.cjs' });
if (only !== 'cli') {
  const engine = await engineHash(root);
  for (const name of functions) {
    await build({
      ...common,
      entryPoints: { index: `functions/${name}.ts` },
      format: 'esm',
      outdir: `dist/${name}`,
      outExtension: { '.js': '.mjs' },
      splitting: true,
      chunkNames: '[name]-[hash]',
      // Some dependencies are CommonJS and call require for Node's own modules.
      banner: {
        js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
      },
      define: { ...common.define, COUNTERSIGN_ENGINE: JSON.stringify(engine) },
    });
  }
}
