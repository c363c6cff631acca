/** Why notation-go lets pass what we do not: each is a heading of docs/differences.md. */
export const reasons = [
  'An unknown critical attribute is not understood',
  'Any purpose is too many',
  "A time of the other scheme's does not go with it",
  'A member stands once',
  'An envelope has its members and no others',
  'The salt is as long as the hash',
  'A store that is not there is none',
  'An identity of another kind is nobody',
  'skip is for named repositories',
  'Whether a certificate is revoked',
] as const;
export type Reason = (typeof reasons)[number];
