import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';

/**
 * Bundles. `cli`: dist/cli.mjs, which `npm pack` ships, since Node strips no types under node_modules. Without an argument
 * each function as well: dist/<function>/index.mjs. The same sources give the same bytes.
 */
const root = join(import.meta.dirname, '..');
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
  const listed = await readdir(join(root, 'functions'), { withFileTypes: true });
  for (const { name } of listed.filter((entry) => entry.isFile() && /^[a-z-]+\.ts$/.test(entry.name))) {
    const outfile = `dist/${name.slice(0, -3)}/index.mjs`;
    await build({ ...common, entryPoints: [`functions/${name}`], outfile });
  }
}
