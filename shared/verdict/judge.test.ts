import { verifiedBy } from './judge.ts';

test.each([
  ['a key by 16 digits of its hash', `sha256:${'0123456789abcdef'.repeat(4)}`, 'sha256:0123456789abcdef'],
  [
    'a person whole',
    'https://github.com/acme/app/.github/workflows/release.yaml@refs/heads/main',
    'https://github.com/acme/app/.github/workflows/release.yaml@refs/heads/main',
  ],
  [
    'what only begins like a hash whole',
    `sha256:${'0'.repeat(64)}@acme.example`,
    `sha256:${'0'.repeat(64)}@acme.example`,
  ],
])('a message names %s', (_, identity, shown) => {
  const signers = [
    { attestor: 'attestors[0].entries[0]', identity },
    { attestor: 'attestors[0].entries[1]', identity },
  ];
  expect(verifiedBy(signers)).toBe(
    `verified: attestors[0].entries[0] by ${shown}, attestors[0].entries[1] by ${shown}`,
  );
  const [signer] = signers.map((each) => ({ ...each, issuer: 'https://accounts.example' }));
  expect(verifiedBy(signer === undefined ? [] : [signer])).toBe(
    `verified: attestors[0].entries[0] by ${shown} (issuer https://accounts.example)`,
  );
});

test('where nobody had to sign that is said', () => {
  expect(verifiedBy([])).toBe('verified: no signature is asked for');
});
