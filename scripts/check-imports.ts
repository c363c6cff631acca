import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize, relative } from 'node:path';

/**
 * Imports point one way. functions, cli and local import shared; local imports functions; cli imports local. Inside shared a
 * stage imports stages before it; `policy` and `conditions` also import expression/; verify and conditions do no I/O. The AWS
 * SDK is imported in shared/aws alone, which may use any stage's ports; no stage knows of it, and functions/ alone wires it, but for the
 * keys of KMS, AWS Signer and the secret with the tokens, which local/kms.ts, local/aws-signer.ts and local/token-secret.ts ask for as well.
 * Kyverno's documents are read in shared/policy/kyverno alone: the stages know the rules that it makes. policy-set loads whole sets
 * with it, as do cli, local and functions, and knows the stages from admission to trust; trust-roots knows where trust roots come from.
 * No stage knows of either. What runs TUF is imported by the command and the function that are about it, and by nothing else.
 * A function imports http/, wiring/ and its own folder, never another function's; wiring/ imports no function, and http/ nothing of
 * either. No files import each other in a circle.
 */
const root = join(import.meta.dirname, '..');
const stages = [
  'admission',
  'image',
  'policy',
  'trust',
  'plan',
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
const documents = 'shared/policy/kyverno/';
/** Trust policies are read with what reads those documents. */
const trustPolicies = 'shared/policy/notary/';
/** Expressions are loaded with the policies that have some. */
const expressions = 'shared/expression/expressions.ts';
/** What reads and judges Notary signatures is loaded with the policies that ask for some. */
const envelopes = 'shared/verify/notary/lazy.ts';
const engine = 'shared/expression/engine.ts';
/** YAML that stands in a value is read by the rules of documents, and by nothing that knows of policies. */
const embedded = { file: 'shared/expression/functions/documents.ts', target: `${documents}yaml/embedded.ts` };
const policySets = 'shared/policy-set/';
/** What is loaded from outside for the stages to use. */
const loaders = [policySets, 'shared/trust-roots/'];
/** Never on the way of a review. */
const updater = 'shared/trust-roots/tuf.ts';
const updating = /^(?:cli\/trust\/|functions\/trust-refresh\/|shared\/trust-roots\/)/;
const readers = [documents, trustPolicies, policySets, ...Object.keys(outer).map((area) => `${area}/`)];
const known = stages.slice(0, stages.indexOf('trust') + 1);
/** What every stage may import. */
const common = ['reasons', 'printable', 'pem', 'der', 'slices', 'regexp', 'utf8', 'json-text'].map(
  (name) => `shared/${name}.ts`,
);
const pure = ['verify', 'conditions', 'expression'];
/** Where expressions are used, beside conditions; what they may be about. */
const policies = ['policy', 'plan', 'verdict', 'policy-set'];
const beforePolicies = stages.slice(0, stages.indexOf('policy'));
/** Who asks AWS from one's own machine, and with what. */
const asking = [
  ['local/kms.ts', 'shared/aws/kms-'],
  ['local/aws-signer.ts', 'shared/aws/signer'],
  ['local/token-secret.ts', 'shared/aws/secret-editing'],
] as const;
const inputOutput = /^(?:node:(?:fs|net|tls|http|https|http2|dns|child_process|timers)|undici)/;
const specifier =
  /(?:^|\n)\s*(?:import|export)\s[^'";]*?from\s+'([^']+)'|import\(\s*'([^']+)'\s*\)|(?:^|\n)import\s+'([^']+)'/g;

const problems: string[] = [];
const imports = new Map<string, string[]>();
let files = 0;
for (const folder of ['shared', ...Object.keys(outer)]) {
  for (const entry of await readdir(join(root, folder), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.ts') || isTest(join(entry.parentPath, entry.name))) continue;
    files += 1;
    const file = relative(root, join(entry.parentPath, entry.name));
    const text = await readFile(join(root, file), 'utf8');
    const targets: string[] = [];
    imports.set(file, targets);
    for (const [, from, dynamic, bare] of text.matchAll(specifier)) {
      const imported = from ?? dynamic ?? bare ?? '';
      if (imported.startsWith('.')) targets.push(normalize(join(dirname(file), imported)));
      const problem = wrong(file, imported);
      if (problem !== undefined) problems.push(`${file}: ${problem}`);
    }
  }
}
problems.push(...circles());
for (const problem of problems) console.error(problem);
console.log(`imports: ${files} files, ${problems.length} against the direction`);
process.exitCode = problems.length === 0 ? 0 : 1;

/** Files that import each other in a circle, each circle once. */
function circles(): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  function visit(file: string): void {
    if (done.has(file)) return;
    const at = path.indexOf(file);
    if (at >= 0) {
      found.push(`${[...path.slice(at), file].join(' > ')}: a circle`);
      return;
    }
    path.push(file);
    for (const target of imports.get(file) ?? []) visit(target);
    path.pop();
    done.add(file);
  }
  for (const file of imports.keys()) visit(file);
  return found;
}

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
  if (file === embedded.file && target === embedded.target) return undefined;
  const asksAws = asking.some(([from, parts]) => file === from && target.startsWith(parts));
  if (toArea === 'shared' && toStage === 'aws' && !ofAws && area !== 'functions' && !asksAws) {
    return `only functions/ imports ${target}`;
  }
  if (target.startsWith(documents) && !readers.some((part) => file.startsWith(part))) {
    return `only ${readers.join(', ')} read documents, with ${target}`;
  }
  if (target === engine && file !== expressions) return `only ${expressions} loads ${target}`;
  if (target === updater && !updating.test(file)) return `only ${updating.source} may import ${target}`;
  const loader = loaders.find((part) => target.startsWith(part));
  if (area === 'shared' && loader !== undefined && !file.startsWith(loader)) return `no stage knows of ${target}`;
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
  if (loaders.some((part) => file.startsWith(part))) {
    if (target === expressions || target === envelopes) return undefined;
    return known.includes(toStage) ? undefined : `${stage} may not import ${target}`;
  }
  if (toStage === 'expression') {
    const uses = policies.includes(stage) || pure.includes(stage);
    return uses ? undefined : `may not import ${target}`;
  }
  if (stage === 'expression') {
    return beforePolicies.includes(toStage)
      ? undefined
      : `expression/ imports what comes before policies, not ${target}`;
  }
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
