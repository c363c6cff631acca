import { Tagged } from 'cborg';
import type { Draft } from './case.ts';
import { day, now } from './certificates.ts';
import { both, corner } from './corners.ts';
import { cbor, protectedMap, protectedText, resignedCose, resignedJws } from './envelopes.ts';
import type { Made, SignRequest } from './peer.ts';
import type { Reason } from './reasons.ts';

// Attributes that are signed (signature specification, "Signed Attributes"; signature-envelope-jws.md and -cose.md).

const authority: Partial<SignRequest> = { scheme: 'notary.x509.signingAuthority' };
const byAuthority = {
  policy: {
    version: '1.0',
    trustPolicies: [
      {
        name: 'authority',
        registryScopes: ['*'],
        signatureVerification: { level: 'strict' },
        trustStores: ['signingAuthority:acme'],
        trustedIdentities: ['*'],
      },
    ],
  },
  stores: ({ chain }: Made) => ({ 'signingAuthority:acme': chain.at(-1) ?? '' }),
};
const names = {
  scheme: 'io.cncf.notary.signingScheme',
  signingTime: 'io.cncf.notary.signingTime',
  authentic: 'io.cncf.notary.authenticSigningTime',
  expiry: 'io.cncf.notary.expiry',
  plugin: 'io.cncf.notary.verificationPlugin',
  minVersion: 'io.cncf.notary.verificationPluginMinVersion',
} as const;
type Header = Record<string, unknown>;

/** The header with members set; `undefined` leaves one out. */
const jwsHeader = (change: (header: Header) => Header) => (made: Made) =>
  resignedJws(made, { protected: JSON.stringify(change(JSON.parse(protectedText(made)) as Header)) });
const coseHeader = (change: (header: Map<unknown, unknown>) => void) => (made: Made) => {
  const header = protectedMap(made);
  change(header);
  return resignedCose(made, { protected: cbor(header) });
};

/** The same change in both formats; labels 1 to 3 are alg, crit and cty. */
function header(
  about: string,
  set: Readonly<Record<string, unknown>>,
  sign: Partial<SignRequest> = {},
): readonly Draft[] {
  const labels: Readonly<Record<string, unknown>> = { alg: 1, crit: 2, cty: 3 };
  return both(about, (format) => ({
    sign,
    ...(sign.scheme === undefined ? {} : byAuthority),
    change:
      format === 'jws'
        ? jwsHeader((was) => ({ ...was, ...set }))
        : coseHeader((was) => {
            for (const [name, value] of Object.entries(set)) {
              const label = labels[name] ?? name;
              if (value === undefined) was.delete(label);
              else was.set(label, value);
            }
          }),
  }));
}

const jwsTime = (milliseconds: number) => new Date(milliseconds).toISOString();
const coseTime = (milliseconds: number) => new Tagged(1, Math.floor(milliseconds / 1000));
/** A time in the header, as each format writes it. */
function time(
  about: string,
  name: string,
  milliseconds: number,
  sign: Partial<SignRequest> = {},
  reasonOfCose?: Reason,
): readonly Draft[] {
  const surroundings = sign.scheme === undefined ? {} : byAuthority;
  return [
    corner(about, 'jws', {
      sign,
      ...surroundings,
      change: jwsHeader((was) => ({ ...was, [name]: jwsTime(milliseconds) })),
    }),
    corner(about, 'cose', {
      sign,
      ...surroundings,
      change: coseHeader((was) => void was.set(name, coseTime(milliseconds))),
      ...(reasonOfCose === undefined ? {} : { reason: reasonOfCose }),
      ...(reasonOfCose === undefined ? {} : { reason: reasonOfCose }),
    }),
  ];
}

const otherTime = "A time of the other scheme's does not go with it";
const unknown = 'An unknown critical attribute is not understood';

export const attributeCorners: readonly Draft[] = [
  ...both('all as it should be'),
  ...both('a signing authority', { sign: authority, ...byAuthority }),
  ...both('a signing authority, in a store of CAs', { sign: authority }),
  ...both('no signing authority, in a store of them', byAuthority),
  ...both('an expiry to come', { sign: { expiry: now + day } }),
  ...both('an expiry that is over', { sign: { expiry: now - 60_000 } }),
  ...both('an expiry that is over, of an authority', {
    sign: { ...authority, expiry: now - 60_000 },
    ...byAuthority,
  }),
  ...both('metadata', { sign: { metadata: { 'build.id': '123' } } }),
  ...both('an attribute that need not be understood', {
    sign: { extended: [{ key: 'com.acme.note', value: 'x', critical: false }] },
  }),
  ...both('an attribute that must be understood', {
    sign: { extended: [{ key: 'com.acme.must', value: 'x', critical: true }] },
    reason: unknown,
  }),
  ...both('a least version without a plugin', {
    sign: { extended: [{ key: names.minVersion, value: '1.0.0', critical: true }] },
    reason: unknown,
  }),
  ...both('a plugin that nobody has', {
    sign: { extended: [{ key: names.plugin, value: 'com.acme.plugin', critical: true }] },
  }),
  ...both('a plugin that is not critical', {
    sign: { extended: [{ key: names.plugin, value: 'com.acme.plugin', critical: false }] },
  }),
  ...both('a plugin without a name', {
    sign: { extended: [{ key: names.plugin, value: ' ', critical: true }] },
  }),
  ...header('no crit', { crit: undefined }),
  ...header('an empty crit', { crit: [] }),
  ...header('crit without the scheme', { crit: [names.signingTime] }),
  ...header('crit names what is not there', { crit: [names.scheme, 'com.acme.absent'] }),
  ...header('an expiry that is not critical', { crit: [names.scheme] }, { expiry: now + day }),
  ...header('an authentic time that is not critical', { crit: [names.scheme] }, authority),
  ...header('another scheme', { [names.scheme]: 'notary.x509.other' }),
  ...header('no scheme', { [names.scheme]: undefined }),
  ...header('another content type', { cty: 'application/json' }),
  ...header('no content type', { cty: undefined }),
  ...header('no signing time', { [names.signingTime]: undefined }),
  ...header('no authentic signing time', { [names.authentic]: undefined }, authority),
  ...time('a signing time beside the authentic one', names.signingTime, now - day, authority, otherTime),
  ...time('an authentic signing time of no authority', names.authentic, now - day, {}, otherTime),
  ...time('a signing time to come', names.signingTime, now + day),
  ...time('an authentic time before the certificates', names.authentic, now - 200 * day, authority),
  ...time('an authentic time after the certificates', names.authentic, now + 200 * day, authority),
  ...header('a signing time that is no time', { [names.signingTime]: 'yesterday' }),
  corner('a time with an offset', 'jws', {
    change: jwsHeader((was) => ({ ...was, [names.signingTime]: '2026-01-01T08:00:00+08:00' })),
  }),
  corner('a time without a zone', 'jws', {
    change: jwsHeader((was) => ({ ...was, [names.signingTime]: '2026-01-01T08:00:00' })),
  }),
  corner('an untagged time', 'cose', {
    change: coseHeader((was) => void was.set(names.signingTime, Math.floor(now / 1000))),
  }),
  corner('a time as text, tag 0', 'cose', {
    change: coseHeader((was) => void was.set(names.signingTime, new Tagged(0, '2026-01-01T00:00:00Z'))),
  }),
  ...['none', 'RS256', 'HS256', 'EdDSA', 'PS256', 'ES384', 'es256'].map((alg) =>
    corner(`algorithm ${alg}`, 'jws', { change: jwsHeader((was) => ({ ...was, alg })) }),
  ),
  // ES384, PS256, EdDSA, HMAC 256/256, RS256.
  ...[-35, -37, -8, 5, -257].map((alg) =>
    corner(`algorithm ${alg}`, 'cose', { change: coseHeader((was) => void was.set(1, alg)) }),
  ),
  corner('an attribute under a number that must be understood', 'cose', {
    change: coseHeader((was) => {
      was.set(-70_001, 'x');
      was.set(2, [names.scheme, -70_001]);
    }),
    reason: unknown,
  }),
];
