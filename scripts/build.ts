import { readdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { carriedBytes, carriedFile } from '../shared/trust-roots/carried.ts';
import { engineHash } from './engine-hash.ts';

/**
 * Bundles. `cli`: dist/cli.cjs, which `npm pack` ships, since Node strips no types under node_modules: CommonJS, so that
 * bin/compiled.js can keep its compiled code, and beside it the clients of AWS that few need. Without an argument each function as well:
 * dist/<function>/index.mjs, and beside it what is loaded lazily. Each carries the trust root of Sigstore's public-good instance beside it;
 * the build fails where that is not the one that is recorded. The same sources give the same bytes.
 */
const root = join(import.meta.dirname, '..');
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
  // The first is undici's own switch: its second HTTP parser, an experiment that nothing here turns on, is left out.
  define: { esbuildDetection: 'true', COUNTERSIGN_BUNDLED: 'true' },
};

/**
 * Files of their own, which the command line loads when they are first asked for: each a quarter of its size, for few. Those are policies with
 * a key in AWS KMS, those with a profile of AWS Signer, and `token`.
 */
const apart = ['kms-client', 'signer-client', 'secret-editing-client'];
const clientsApart: Plugin = {
  name: 'clients-apart',
  setup({ onResolve }) {
    onResolve({ filter: new RegExp(`/(?:${apart.join('|')})\\.ts$`) }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path: `./${basename(path, '.ts')}.cjs`, external: true } : undefined,
    );
  },
};

await rm(join(root, 'dist'), { recursive: true, force: true });
const trustRoot = carriedBytes();
await build({
  ...common,
  format: 'cjs',
  entryPoints: ['cli/main.ts'],
  outfile: 'dist/cli.cjs',
  // A CommonJS module has no import.meta; bin/compiled.js gives it these.
  define: { ...common.define, 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename' },
  plugins: [clientsApart],
  // bin/compiled.js runs it as a script, which can require and not import.
  supported: { 'dynamic-import': false },
});
for (const name of apart) {
  await build({
    ...common,
    format: 'cjs',
    entryPoints: [`shared/aws/${name}.ts`],
    outfile: `dist/${name}.cjs`,
  });
}
await writeFile(join(root, 'dist', carriedFile), trustRoot);
if (only !== 'cli') {
  const engine = await engineHash(root);
  for (const file of await functionFiles()) {
    const name = basename(file, '.ts');
    await build({
      ...common,
      entryPoints: { index: `functions/${file}` },
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
    await writeFile(join(root, 'dist', name, carriedFile), trustRoot);
  }
}

/** Each file at the top of functions/ is one function. */
async function functionFiles(): Promise<string[]> {
  const entries = await readdir(join(root, 'functions'), { withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts'))
    .map((entry) => entry.name)
    .sort();
}
