/** Why notation-go lets pass what we do not, or denies what we let pass: each is a heading of docs/differences.md. */
export const reasons = [
  'An unknown critical attribute is not understood',
  'Any purpose is too many',
  "A time of the other scheme's does not go with it",
  'A member stands once',
  'An envelope has its members and no others',
  'What readers may read differently',
  'The salt is as long as the hash',
  'A store that is not there is none',
  'An identity of another kind is nobody',
  'A name is written as RFC 4514 has it',
  'skip is for named repositories',
  'Whether a certificate is revoked',
  'An accuracy is no less than nothing',
  'Zeros at the end of a time',
] as const;
export type Reason = (typeof reasons)[number];

/** Those by which we let something pass. */
export const lenient: ReadonlySet<Reason> = new Set(['Zeros at the end of a time']);
