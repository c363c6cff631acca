import { parseReference } from '../image/reference.ts';
import { Spellings } from '../image/spellings.ts';
import { coverage } from './coverage.ts';
import type { Entry } from './policy.ts';
import { entry, loadRule } from './testing/policies.ts';

const digest = `sha256:${'a'.repeat(64)}`;

function entryOf(imageReferences: string[], skipImageReferences: string[] = []): Entry {
  const [first] = loadRule({ verifyImages: [entry({ imageReferences, skipImageReferences })] }).entries;
  if (first === undefined) throw new Error('no entry');
  return first;
}

function ask(of: Entry, text: string): string {
  const parsed = parseReference(text);
  return coverage(of, 'reference' in parsed ? new Spellings(parsed.reference) : undefined);
}

test('one pattern of the list is enough, and no pattern is uncovered', () => {
  const of = entryOf(['ghcr.io/acme/*', 'docker.io/library/nginx:*']);
  expect(ask(of, 'ghcr.io/acme/app:v1')).toBe('covered');
  expect(ask(of, `nginx@${digest}`)).toBe('covered');
  expect(ask(of, 'ghcr.io/other/app:v1')).toBe('uncovered');
});

test('skipping is asked of what is covered, and of name@digest where there is a digest', () => {
  const of = entryOf(['ghcr.io/acme/*'], ['ghcr.io/acme/debug*', 'ghcr.io/acme/app:dev', 'ghcr.io/other/*']);
  expect(ask(of, 'ghcr.io/acme/debug:1')).toBe('skipped');
  expect(ask(of, `ghcr.io/acme/debug@${digest}`)).toBe('skipped');
  expect(ask(of, 'ghcr.io/acme/app:dev')).toBe('skipped');
  expect(ask(of, `ghcr.io/acme/app:dev@${digest}`)).toBe('covered');
  expect(ask(of, 'ghcr.io/other/app')).toBe('uncovered');
});

test('a text that does not parse is covered by every entry, even one that skips all', () => {
  expect(ask(entryOf(['ghcr.io/acme/*'], ['*']), 'UPPER case')).toBe('covered');
  expect(ask(entryOf(['ghcr.io/acme/*'], ['*']), 'ghcr.io/acme/a')).toBe('skipped');
});
