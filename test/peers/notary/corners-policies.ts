import { makeTimestampAuthority } from '../../fixtures/authority/tsa.ts';
import { type Changes, type Draft, policyOf, repository, statementOf } from './case.ts';
import { acme, chainOf, day, leafOf, now } from './certificates.ts';
import { both, corner } from './corners.ts';

// Trust policies and stores (trust-store-trust-policy.md), and what each level makes of what is not as it should be.

/** Of one statement that differs from the usual one. */
const statement = (about: string, changes: Readonly<Record<string, unknown>>, more: Changes = {}): Draft =>
  corner(about, 'jws', { policy: policyOf(changes), ...more });

const identities = (about: string, trustedIdentities: readonly unknown[], subject?: readonly (readonly string[])[]) =>
  statement(
    `identities: ${about}`,
    { trustedIdentities },
    {
      ...(subject === undefined ? {} : { sign: { certificates: chainOf({ leaf: { subject } }) } }),
    },
  );

const subject = (text: string) => [`x509.subject:${text}`];
const scope = (about: string, ...registryScopes: readonly string[]) =>
  statement(`scopes: ${about}`, { registryScopes });
const level = (level: string, override?: Readonly<Record<string, string>>) => ({
  signatureVerification: override === undefined ? { level } : { level, override },
});

/** A CA that issued nothing here. */
const stranger = makeTimestampAuthority({ notBefore: new Date(now - 9 * day), notAfter: new Date(now + 9 * day) });

/** What an enforcing level denies and another logs. */
const flaws: Readonly<Record<string, Changes>> = {
  none: {},
  'by another CA': { stores: () => ({ 'ca:acme': stranger.root.pem }) },
  expired: { sign: { expiry: now - 60_000 } },
  'a certificate that has expired': { sign: { certificates: chainOf({ leaf: { notAfter: now - day } }) } },
  'another digest': { target: { digest: `sha256:${'0'.repeat(64)}` } },
};
const levels = [
  level('strict'),
  level('permissive'),
  level('audit'),
  level('permissive', { expiry: 'enforce' }),
  level('strict', { authenticity: 'log' }),
  level('strict', { authenticTimestamp: 'log', expiry: 'log' }),
  level('audit', { authenticity: 'enforce', revocation: 'skip' }),
];

export const policyCorners: readonly Draft[] = [
  ...Object.entries(flaws).flatMap(([about, changes]) =>
    levels.map((each) => statement(`${about} under ${JSON.stringify(each.signatureVerification)}`, each, changes)),
  ),
  statement('skip', {
    signatureVerification: { level: 'skip' },
    trustStores: undefined,
    trustedIdentities: undefined,
    registryScopes: [repository],
  }),
  statement(
    'skip, of a signature of something else',
    {
      signatureVerification: { level: 'skip' },
      trustStores: undefined,
      trustedIdentities: undefined,
      registryScopes: [repository],
    },
    { target: { size: 1 } },
  ),
  statement('skip with stores', { signatureVerification: { level: 'skip' } }),
  statement(
    'skip, of every image',
    { signatureVerification: { level: 'skip' }, trustStores: undefined, trustedIdentities: undefined },
    { reason: 'skip is for named repositories' },
  ),
  statement('no level', { signatureVerification: {} }),
  statement('a level that nobody knows', level('lenient')),
  statement('integrity overridden', level('strict', { integrity: 'log' })),
  statement('an override that nobody knows', level('strict', { authenticity: 'skip' })),
  statement('revocation skipped', level('strict', { revocation: 'skip' })),
  statement('an override of skip', {
    ...level('skip', { expiry: 'log' }),
    trustStores: undefined,
    trustedIdentities: undefined,
  }),
  statement('no stores', { trustStores: [] }),
  statement('no identities', { trustedIdentities: [] }),
  statement('no name', { name: '' }),
  statement('a store of no type', { trustStores: ['acme'] }),
  statement('a store of another type', { trustStores: ['cas:acme'] }),
  statement('a store with a name that is none', { trustStores: ['ca:a/b'] }),
  statement('a store twice', { trustStores: ['ca:acme', 'ca:acme'] }),
  statement('a time stamp always, of no store', {
    signatureVerification: { level: 'strict', verifyTimestamp: 'always' },
  }),
  statement('a time stamp at a time that nobody knows', {
    signatureVerification: { level: 'strict', verifyTimestamp: 'never' },
  }),
  corner('another version', 'jws', { policy: { version: '2.0', trustPolicies: [statementOf()] } }),
  corner('no version', 'jws', { policy: { trustPolicies: [statementOf()] } }),
  corner('no statements', 'jws', { policy: { version: '1.0', trustPolicies: [] } }),
  corner('two of a name', 'jws', { policy: policyOf({}, { registryScopes: [repository] }) }),
  corner('two for every image', 'jws', { policy: policyOf({}, { name: 'second' }) }),
  corner('one scope in two', 'jws', {
    policy: policyOf({ registryScopes: [repository] }, { name: 'second', registryScopes: [repository] }),
  }),
  corner('its own statement over that for every image', 'jws', {
    policy: policyOf(
      { trustedIdentities: subject('C=US, ST=WA, O=Others') },
      { name: 'second', registryScopes: [repository] },
    ),
  }),
  corner('its own statement over that for every image, the other way', 'jws', {
    policy: policyOf(
      {},
      { name: 'second', registryScopes: [repository], trustedIdentities: subject('C=US, ST=WA, O=Others') },
    ),
  }),
  scope("the image's own", repository),
  scope('another', 'registry.test/team/other'),
  scope('the folder above', 'registry.test/team'),
  scope('several', 'registry.test/team/other', repository),
  scope('every image beside one', '*', repository),
  scope('a pattern', 'registry.test/*'),
  scope('a host alone', 'registry.test'),
  scope('a tag', `${repository}:v1`),
  scope('a scheme', `https://${repository}`),
  scope('a slash at the end', `${repository}/`),
  scope('a port', 'registry.test:5000/team/app'),
  scope('none'),
  corner('a port, and the image has it', 'jws', {
    repository: 'registry.test:5000/team/app',
    policy: policyOf({ registryScopes: ['registry.test:5000/team/app'] }),
  }),
  identities('as it is', subject('C=US, ST=WA, O=Acme, CN=signer')),
  identities('less of it', subject('C=US, ST=WA, O=Acme')),
  identities('in another order', subject('CN=signer,O=Acme,ST=WA,C=US')),
  identities('S for ST', subject('C=US, S=WA, O=Acme')),
  identities('a type in lower case', subject('c=US, ST=WA, O=Acme')),
  identities('another value', subject('C=US, ST=WA, O=Acme, CN=other')),
  identities('a value in another case', subject('C=US, ST=WA, O=acme')),
  identities('more than it has', subject('C=US, ST=WA, O=Acme, OU=Web')),
  identities('without the country', subject('ST=WA, O=Acme')),
  identities('without the state', subject('C=US, O=Acme')),
  identities('without the organization', subject('C=US, ST=WA')),
  identities('one of two', [...subject('C=US, ST=WA, O=Others'), ...subject('C=US, ST=WA, O=Acme')]),
  identities('two that overlap', [...subject('C=US, ST=WA, O=Acme'), ...subject('C=US, ST=WA, O=Acme, CN=signer')]),
  identities('twice the same', [...subject('C=US, ST=WA, O=Acme'), ...subject('O=Acme, C=US, ST=WA')]),
  identities('anybody beside one', ['*', ...subject('C=US, ST=WA, O=Acme')]),
  identities('a type twice', subject('C=US, ST=WA, O=Acme, OU=a, OU=b')),
  identities('several values', subject('C=US, ST=WA, O=Acme+OU=a')),
  identities('hexadecimal', subject('C=US, ST=WA, O=#1304')),
  identities('an empty value', subject('C=US, ST=WA, O=')),
  identities('semicolons', subject('C=US; ST=WA; O=Acme')),
  identities('escapes', subject('C=US, ST=WA, O=Acme\\, Inc.'), [
    ['C', 'US'],
    ['ST', 'WA'],
    ['O', 'Acme, Inc.'],
    ['CN', 'signer'],
  ]),
  identities('escapes by number', subject('C=US, ST=WA, O=\\41cme')),
  identities('no subject', ['Acme']),
  identities('an empty one', ['']),
  identities('of another kind alone', ['arn:aws:signer:us-west-2:111122223333:/signing-profiles/acme']),
  statement(
    'identities: of another kind beside a subject',
    { trustedIdentities: ['com.acme:someone', ...subject('C=US, ST=WA, O=Acme')] },
    { reason: 'An identity of another kind is nobody' },
  ),
  identities('not a name', subject('Acme')),
  identities('a signer without a state', subject('C=US, ST=WA, O=Acme'), [
    ['C', 'US'],
    ['O', 'Acme'],
    ['CN', 'signer'],
  ]),
  identities(
    'a signer without a state, and anybody',
    ['*'],
    [
      ['C', 'US'],
      ['O', 'Acme'],
      ['CN', 'signer'],
    ],
  ),
  identities('a signer of two units', subject('C=US, ST=WA, O=Acme'), acme(['OU', 'a'], ['OU', 'b'])),
  identities('a signer of two values at once', subject('C=US, ST=WA, O=Acme'), acme(['OU', 'a', 'CN', 'b'])),
  identities('a signer with an e-mail address', subject('C=US, ST=WA, O=Acme'), acme(['EMAIL', 'dev@acme.test'])),
  identities('a signer with a domain', subject('C=US, ST=WA, O=Acme'), acme(['DC', 'acme'])),
  identities(
    'a signer of all types',
    subject('C=US, ST=WA, O=Acme, L=Seattle, STREET=1 Main, POSTALCODE=98101, SERIALNUMBER=7'),
    acme(['L', 'Seattle'], ['STREET', '1 Main'], ['POSTALCODE', '98101'], ['SERIALNUMBER', '7']),
  ),
  identities('a signer with a plus sign', subject('C=US, ST=WA, O=Acme, CN=a\\+b'), acme(['CN', 'a+b'])),
  identities('a signer in other letters', subject('C=US, ST=WA, O=Acmé'), [
    ['C', 'US'],
    ['ST', 'WA'],
    ['O', 'Acmé'],
  ]),
  identities('a signer with spaces around', subject('C=US, ST=WA, O=Acme, CN=\\ signer\\ '), acme(['CN', ' signer '])),
  corner('an intermediate is trusted', 'jws', { stores: ({ chain }) => ({ 'ca:acme': chain[1] ?? '' }) }),
  corner("a signer's certificate alone in the store", 'jws', {
    stores: ({ chain }) => ({ 'ca:acme': chain[0] ?? '' }),
  }),
  corner('a signer of its own in the store', 'jws', {
    sign: { certificates: [leafOf({ subject: acme(['CN', 'alone']) })] },
  }),
  corner('the root among others', 'jws', {
    policy: policyOf({ trustStores: ['ca:other', 'ca:acme'] }),
    stores: ({ chain }) => ({ 'ca:other': chain[1] ?? '', 'ca:acme': chain.at(-1) ?? '' }),
  }),
  corner('several in a store', 'jws', { stores: ({ chain }) => ({ 'ca:acme': chain.slice(1).join('') }) }),
  corner('a store that is not there', 'jws', { policy: policyOf({ trustStores: ['ca:absent'] }) }),
  corner('a store that is not there, and only a warning of it', 'jws', {
    policy: policyOf({ trustStores: ['ca:absent'], ...level('audit') }),
    reason: 'A store that is not there is none',
  }),
  corner('an empty store', 'jws', { stores: () => ({ 'ca:acme': '' }) }),
  ...both('a store of the other type alone', {
    policy: policyOf({ trustStores: ['signingAuthority:acme'] }),
    stores: ({ chain }) => ({ 'signingAuthority:acme': chain.at(-1) ?? '' }),
  }),
];
