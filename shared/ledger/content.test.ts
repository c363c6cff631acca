import type { Digest } from '../image/digest.ts';
import { parsePointer, parseVerification, pointerText, type Remembered, verificationText } from './content.ts';

const digest = `sha256:${'a'.repeat(64)}` as Digest;
const remembered: Remembered = {
  verification: {
    digest,
    signers: [
      { attestor: 'attestors[0].entries[0]', kind: 'key', identity: 'sha256:11' },
      {
        attestor: 'attestors[0].entries[1]',
        kind: 'identity',
        identity: 'alice@example.com',
        issuer: 'https://accounts.example.com',
      },
    ],
    evidence: ['00'],
    verifiedAt: 1,
    validUntil: 4,
  },
  generations: new Map([['gen#registry.example/app', 'absent']]),
  expiresAt: 3,
  askedBy: { policy: 'signed', rule: 'check' },
};

test('what is written of a verification is all of it: a hit says who signed as the miss did', () => {
  expect(parseVerification(verificationText(remembered))).toEqual(remembered);
  const { validUntil: _, ...verification } = remembered.verification;
  const endless = { ...remembered, verification };
  expect(parseVerification(verificationText(endless))).toEqual(endless);
});

test('and of a pointer', () => {
  const pointer = { digest, generation: 'absent', expiresAt: 3 };
  expect(parsePointer(pointerText(pointer))).toEqual(pointer);
});
