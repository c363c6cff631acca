import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { newKey } from '../../local/signer/keys.ts';
import { loadPolicies } from '../../shared/policy/kyverno/load.ts';
import { root } from './countersign.ts';
import { type Block, blocksOf } from './markdown.ts';
import { notPrinted } from './printed.ts';
import { newReader, type Reader, typeBlock } from './reader.ts';

// README and docs/ as someone reads them who types every command that is shown. A block fenced `sh` is run as printed, from
// the clone's root and after the page's blocks before it; it has to end with status 0, or with the N of `# exit N` at its
// end. Blocks of commands that cannot be run here (they need AWS, or install the project) are fenced `console`; those that name a
// cluster docs-cluster.test.ts and docs-migrate.test.ts type. Output is `text`: right after commands it is what they print. A page that says so, or whose first block of commands has `npm start`, is read with `npm start` in another terminal.

const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)].filter(
  (page) => page.endsWith('.md') && existsSync(join(root, page)),
);

const marker = '<!-- run: with npm start -->';
const npmOnly =
  /^npm (?:ci|start|test|run [\w:-]+)(?: -- [^&|;]*)?(?: && npm (?:ci|start|test|run [\w:-]+)(?: -- [^&|;]*)?)*$/;

/** Output that is none of the commands before it, by its page and a part of it, and why. */
const otherOutput: readonly (readonly [page: string, part: string, why: string])[] = [
  ['docs/attestations.md', 'Pod shop/web: 1 image denied', 'kubectl prints it'],
  ['docs/cli.md', 'apply only', 'remarks stand beside the fields, which are those of several commands'],
  ['docs/suites.md', 'where nothing was compared', 'remarks stand beside the fields'],
];

/** What a page says that a block of commands prints. */
function outputAfter(blocks: readonly Block[], block: Block, page: string): string | undefined {
  const next = blocks[blocks.indexOf(block) + 1];
  if (next?.language !== 'text') return undefined;
  return otherOutput.some(([of, part]) => of === page && next.text.includes(part)) ? undefined : next.text;
}

/** Whether a block installs, tests or starts the project itself: that is what runs this, so it is not run from here. */
function isNpm({ text }: Block): boolean {
  return text.split('\n').every((line) => line.trim() === '' || npmOnly.test(line.replace(/\s+#.*$/, '').trim()));
}

/** A page may leave out a public key: `…` where its base64 would stand. */
function withKeys(policy: string): string {
  const base64 = newKey().publicKeyPem.trim().split('\n').slice(1, -1);
  return policy.replaceAll(/^( +)…$/gm, (_, indent: string) => base64.map((line) => indent + line).join('\n'));
}

test('README and pages are there', () => {
  expect(pages).toContain('README.md');
  expect(pages.length).toBeGreaterThan(3);
});

test.each(otherOutput)('%s has output with: %s', (page, part) => {
  const blocks = blocksOf(readFileSync(join(root, page), 'utf8'));
  expect(blocks.filter(({ language, text }) => language === 'text' && text.includes(part))).toHaveLength(1);
});

describe.each(pages)('%s', (page) => {
  const content = readFileSync(join(root, page), 'utf8');
  const blocks = blocksOf(content);
  const commands = blocks.filter(({ language }) => language === 'sh');
  const toRun = commands.filter((block) => !isNpm(block));
  const [first] = commands;
  let reader: Reader | undefined;

  beforeAll(async () => {
    if (toRun.length === 0) return;
    reader = await newReader();
    if (content.includes(marker) || (first !== undefined && isNpm(first) && /\bnpm start\b/.test(first.text))) {
      await reader.npmStart();
    }
  });

  afterAll(async () => {
    await reader?.leave();
  });

  test('every block says what it is, so that no command goes unread', () => {
    const unclear = blocks.filter(({ language }) => ['', 'bash', 'shell', 'zsh'].includes(language));
    expect(unclear.map(({ line }) => `${page}:${line}`)).toEqual([]);
  });

  test('every npm script that it names is there', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const named = [...content.matchAll(/\bnpm (?:run ([\w:-]+)|(start|test)\b)/g)].map(
      ([, script, plain]) => script ?? plain,
    );
    expect(named.filter((script) => script === undefined || !Object.hasOwn(scripts, script))).toEqual([]);
  });

  const policies = blocks.filter(
    ({ language, text }) => language === 'yaml' && text.startsWith('apiVersion: kyverno.io/'),
  );
  for (const { line, text } of policies) {
    test(`line ${line}: the policy loads without a warning`, () => {
      expect(loadPolicies([{ name: page, text: withKeys(text) }]).warnings).toEqual([]);
    });
  }

  for (const block of toRun) {
    test(`line ${block.line}: ${block.text.split('\n')[0]}`, async () => {
      if (reader === undefined) throw new Error('no reader');
      const output = await typeBlock(reader, block);
      const shown = outputAfter(blocks, block, page);
      const missing = shown === undefined ? undefined : notPrinted(shown, output);
      if (missing !== undefined) throw new Error(`the page says that it prints '${missing}':\n${output}`);
    });
  }
});
