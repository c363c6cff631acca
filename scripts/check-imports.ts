import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize, relative } from 'node:path';

/**
 * Imports point one way. functions, cli and local import shared; local imports functions; cli imports local. Inside shared a
 * stage imports stages before it; `policy` and `conditions` also import expression/; verify and conditions do no I/O. The AWS
 * SDK is imported in shared/aws alone, which may use any stage's ports; no stage knows of it, and functions/ alone wires it. A function
 * imports http/, wiring/ and its own folder, never another function's; wiring/ imports no function, and http/ nothing of either.
 */
const root = join(import.meta.dirname, '..');
const stages = [
  'admission',
  'image',
  'policy',
  'trust',
  'ledger',
  'registry',
  'evidence',
  'revocation',
  'verify',
  'conditions',
  'verdict',
  'answer',
];
const outer: Readonly<Record<string, readonly string[]>> = {
  functions: ['functions', 'shared'],
  local: ['local', 'functions', 'shared'],
  cli: ['cli', 'local', 'shared'],
};
/** What every stage may import. */
const common = ['shared/reasons.ts', 'shared/printable.ts'];
const pure = ['verify', 'conditions'];
const inputOutput = /^(?:node:(?:fs|net|tls|http|https|http2|dns|child_process|timers)|undici)/;
const specifier =
  /(?:^|\n)\s*(?:import|export)\s[^'";]*?from\s+'([^']+)'|import\(\s*'([^']+)'\s*\)|(?:^|\n)import\s+'([^']+)'/g;

const problems: string[] = [];
let files = 0;
for (const folder of ['shared', ...Object.keys(outer)]) {
  for (const entry of await readdir(join(root, folder), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.ts') || isTest(join(entry.parentPath, entry.name))) continue;
    files += 1;
    const file = relative(root, join(entry.parentPath, entry.name));
    const text = await readFile(join(root, file), 'utf8');
    for (const [, from, dynamic, bare] of text.matchAll(specifier)) {
      const problem = wrong(file, from ?? dynamic ?? bare ?? '');
      if (problem !== undefined) problems.push(`${file}: ${problem}`);
    }
  }
}
for (const problem of problems) console.error(problem);
console.log(`imports: ${files} files, ${problems.length} against the direction`);
process.exitCode = problems.length === 0 ? 0 : 1;

function isTest(path: string): boolean {
  return path.endsWith('.test.ts') || path.split('/').includes('testing');
}

function wrong(file: string, imported: string): string | undefined {
  const [area = '', stage = ''] = file.split('/');
  const ofAws = area === 'shared' && stage === 'aws';
  if (!imported.startsWith('.')) {
    if (imported.startsWith('@aws-sdk/')) return ofAws ? undefined : `only shared/aws imports ${imported}`;
    const first = area === 'shared' && pure.includes(stage) && inputOutput.test(imported);
    return first ? `${stage}/ is pure and imports ${imported}` : undefined;
  }
  const target = normalize(join(dirname(file), imported));
  const [toArea = '', toStage = ''] = target.split('/');
  if (isTest(target)) return `imports test code, ${target}`;
  if (toArea === 'shared' && toStage === 'aws' && !ofAws && area !== 'functions') {
    return `only functions/ imports ${target}`;
  }
  if (area === 'functions' && toArea === area) return betweenFunctions(stage, toStage);
  if (area !== 'shared') {
    return outer[area]?.includes(toArea) === true ? undefined : `${area}/ may not import ${target}`;
  }
  if (toArea !== 'shared') return `shared/ may not import ${target}`;
  if (file === 'shared/pipeline.ts' || common.includes(target)) return undefined;
  if (stage === toStage) return undefined;
  if (stage === 'net' || stage === 'reasons.ts')
    return `${stage} imports nothing but ${common.join(' and ')}, not ${target}`;
  if (toStage === 'net') {
    return pure.includes(stage) ? `${stage}/ is pure and imports ${target}` : undefined;
  }
  if (ofAws && stages.includes(toStage)) return undefined;
  if (toStage === 'expression')
    return ['policy', 'conditions'].includes(stage) ? undefined : `may not import ${target}`;
  const from = stages.indexOf(stage);
  const to = stages.indexOf(toStage);
  if (from < 0 || to < 0) return `is in no stage, or imports none: ${target}`;
  return to < from ? undefined : `${stage}/ comes before ${toStage}/`;
}

/** Of two places in functions/: a folder, or the file of a function. */
function betweenFunctions(from: string, to: string): string | undefined {
  const name = from.replace(/\.ts$/, '');
  const reachable = name === 'http' ? ['http'] : name === 'wiring' ? ['wiring', 'http'] : [name, 'wiring', 'http'];
  return reachable.includes(to) ? undefined : `functions/${from} may not import functions/${to}`;
}
