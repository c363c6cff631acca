import type { TimestampAuthority } from '../../fixtures/authority/tsa.ts';
import { chainOf, day, now } from './certificates.ts';
import type { Format, Made, SignRequest, Target } from './peer.ts';
import type { Reason } from './reasons.ts';

/** What the cases are about beside what each makes. */
export interface World {
  /** A real time-stamp authority. */
  readonly tsa: { readonly url: string; readonly roots: string };
  /** One that stamps whenever it is asked to. */
  readonly stamps: TimestampAuthority;
}

/** One envelope, and a trust policy that it is verified by. */
export interface Case {
  /** For people who read of a difference. */
  readonly about: string;
  readonly sign: SignRequest;
  /** The envelope as it is verified. */
  readonly change: (made: Made) => Buffer;
  /** What the image is, as the registry says. */
  readonly target: Target;
  /** `host/path`. */
  readonly repository: string;
  /** A trust policy document. */
  readonly policy: object;
  /** PEM by `type:name`. */
  readonly stores: (made: Made) => Readonly<Record<string, string>>;
  /** Why the two may differ about it. */
  readonly reason: Reason | undefined;
}

export type Draft = (world: World) => Case;

export interface Changes {
  readonly sign?: Partial<SignRequest>;
  readonly change?: (made: Made) => Buffer;
  readonly target?: Partial<Target>;
  readonly repository?: string;
  readonly policy?: object;
  readonly stores?: (made: Made) => Readonly<Record<string, string>>;
  readonly reason?: Reason;
}

/** The image's manifest; the core reads media type and size out of its bytes. */
export const manifest = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.empty.v1+json', digest: `sha256:${'4'.repeat(64)}`, size: 2 },
    layers: [],
  }),
);

export const repository = 'registry.test/team/app';

/** A good signature by a chain of three, whose root is the store `ca:acme`, under a policy for every image, unless changed. */
export function caseOf(about: string, format: Format, target: Target, changes: Changes = {}): Case {
  const {
    sign = {},
    change = ({ envelope }) => envelope,
    stores = ({ chain }) => ({ 'ca:acme': chain.at(-1) ?? '' }),
  } = changes;
  return {
    about: `${about}, ${format}`,
    sign: {
      format,
      certificates: chainOf(),
      scheme: 'notary.x509',
      signingTime: now - day,
      ...sign,
      target: { ...target, ...changes.target, ...sign.target },
    },
    change,
    target,
    repository: changes.repository ?? repository,
    policy: changes.policy ?? policyOf(),
    stores,
    reason: changes.reason,
  };
}

/** A statement of a trust policy that asks for everything, unless changed; `undefined` leaves a member out. */
export function statementOf(changes: Readonly<Record<string, unknown>> = {}): object {
  return {
    name: 'acme',
    registryScopes: ['*'],
    signatureVerification: { level: 'strict' },
    trustStores: ['ca:acme'],
    trustedIdentities: ['*'],
    ...changes,
  };
}

export function policyOf(...statements: readonly Readonly<Record<string, unknown>>[]): object {
  const [first = {}, ...others] = statements;
  return { version: '1.0', trustPolicies: [first, ...others].map(statementOf) };
}
