import { githubIssuer, githubSubject } from '../../../test/fixtures/authority/certificate.ts';
import { carriers } from '../../../test/fixtures/carriers.ts';
import { keylessOf } from '../../../test/fixtures/entries.ts';
import { decide } from '../../../test/fixtures/twins.ts';
import type { KeylessAttestor } from '../../policy/policy.ts';
import { loadRegExps } from '../../regexp.ts';

await loadRegExps();

const wholly = (text: string) => `^${text.replaceAll('.', '\\.')}$`;

/** What is asked by regular expressions alone, or beside the plain fields. */
interface Row {
  readonly name: string;
  readonly good: Partial<KeylessAttestor>;
  readonly wrong: Partial<KeylessAttestor>;
  readonly reason: 'issuer-mismatch' | 'subject-mismatch';
}

const rows: readonly Row[] = [
  {
    name: 'issuerRegExp',
    good: { issuerRegExp: wholly(githubIssuer) },
    wrong: { issuerRegExp: wholly('https://gitlab.com') },
    reason: 'issuer-mismatch',
  },
  {
    name: 'subjectRegExp',
    good: { subjectRegExp: wholly(githubSubject) },
    wrong: { subjectRegExp: '^https://github\\.com/mallory/' },
    reason: 'subject-mismatch',
  },
  {
    name: 'issuerRegExp beside issuer: both have to hold',
    good: { issuer: githubIssuer, issuerRegExp: 'githubusercontent' },
    wrong: { issuer: githubIssuer, issuerRegExp: 'gitlab' },
    reason: 'issuer-mismatch',
  },
  {
    name: 'subjectRegExp beside subject: both have to hold',
    good: { subject: githubSubject, subjectRegExp: 'refs/heads/' },
    wrong: { subject: githubSubject, subjectRegExp: 'refs/tags/' },
    reason: 'subject-mismatch',
  },
  {
    name: 'subjectRegExp is found anywhere, and bound where it says so',
    good: { subjectRegExp: 'acme' },
    wrong: { subjectRegExp: '^acme' },
    reason: 'subject-mismatch',
  },
];

describe.each(rows)('$name', ({ good, wrong, reason }) => {
  test.each(carriers)('$name', (carrier) => {
    const [pattern = ''] = Object.values(wrong).slice(-1).map(String);
    expect(decide(carrier, { attestor: keylessOf(wrong) })).toMatchObject({
      pass: false,
      reason,
      message: expect.stringContaining(`RegExp ${pattern}`),
    });
    expect(decide(carrier, { attestor: keylessOf(good) })).toMatchObject({ pass: true });
  });
});
