import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ReasonKind, reasons } from '../shared/reasons.ts';

/** Makes docs/reasons.md from shared/reasons.ts; with `--check` it only says whether the file is as it would be made. */
const file = join(import.meta.dirname, '..', 'docs', 'reasons.md');

const kinds: readonly (readonly [ReasonKind, string])[] = [
  ['denied', 'The evidence says no. Blocks where the rule enforces (403), whatever the failurePolicy.'],
  [
    'unavailable',
    'Countersign, the network or the registry failed. Blocks where the rule enforces under failurePolicy Fail (503).',
  ],
  ['invalid', 'The policy or the request is wrong. Blocks where the rule enforces (403), whatever the failurePolicy.'],
  ['pass', 'The image is admitted.'],
  ['skip', 'The rule did not ask about the image.'],
];

const sections = kinds.map(([kind, meaning]) => {
  const rows = Object.entries(reasons)
    .filter(([, row]) => row.kind === kind)
    .map(([reason, { summary, advice }]) => `| \`${reason}\` | ${summary} | ${advice} |`);
  return [`## ${kind}`, '', meaning, '', '| reason | what it means | what to do |', '|---|---|---|', ...rows, ''];
});

const text = `${[
  '# Reason codes',
  '',
  'Every result carries one of these codes: as `reason` in `-o json`, in the log line and the audit annotation, and in the',
  'text of a denial. The list is closed. It is made from `shared/reasons.ts` by `node scripts/docs.ts`.',
  '',
  'A rule that audits never blocks: what would have blocked becomes a warning of the API server, which `kubectl` prints.',
  '',
  ...sections.flat(),
  '## Bounds',
  '',
  'What exceeds one of these is `denied` with a reason of its own, never taken for "unsigned". Too many redirects alone are the',
  "registry's fault: `unavailable` where the image itself is asked for, `content-missing` for what is attached to it.",
  '',
  '| what | bound | reason |',
  '|---|---|---|',
  '| a manifest or index | 4 MiB | `too-large` |',
  '| values in a manifest or index | 10,000 | `too-large` |',
  "| an image's config that a context names; values in it | 1 MiB; 10,000 | `too-large` |",
  '| values, and bytes, of all manifests and configs that contexts name in one review | 20,000; 1 MiB | `review-too-large` |',
  "| a signature's payload | 64 KiB | `too-large` |",
  '| a bundle or attestation | 16 MiB | `too-large` |',
  "| a signature's statement in a bundle | 1 MiB | `malformed-signature` |",
  '| values in a bundle; in a signed statement | 10,000; 100,000 | `malformed-signature` |',
  '| everything that one review fetches | 64 MiB | `review-too-large` |',
  '| of that, manifests of images | 8 MiB | `review-too-large` |',
  '| referrers of an image | 200, on 10 pages | `too-many-referrers` |',
  '| signatures tried for an image; attestations beside them, in bundles; in envelopes of their own | 50; 50; 50 | `too-many-signatures` |',
  '| distinct images that one review asks about | 64, or what the settings say | `too-many-images` |',
  '| redirects of one request | 5 | `too-many-redirects` |',
].join('\n')}\n`;

if (!process.argv.includes('--check')) await writeFile(file, text);
else if ((await readFile(file, 'utf8').catch(() => '')) !== text) {
  console.error('docs/reasons.md is not as shared/reasons.ts makes it: run node scripts/docs.ts');
  process.exitCode = 1;
}
