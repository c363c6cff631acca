import { defaultOldDays } from '../../../shared/trust-roots/found.ts';
import type { Settings } from './settings.ts';

/** Of a function that publishes the trust root, or reads what is published. */
export interface TrustBucketConfig {
  /** The bucket in which `trust-refresh` publishes; `undefined`: it does not. */
  readonly trustBucket: string | undefined;
}

/** Of a function that verifies. */
export interface TrustConfig extends TrustBucketConfig {
  /** In force until a published one has been read: `carried`, `none`, or a file below the function's code. */
  readonly trustRoot: 'carried' | 'none' | { readonly file: string };
  /** Days after which the trust root is told to be old. */
  readonly trustRootMaxAge: number;
}

/** Of the function that publishes it. */
export interface TrustRefreshConfig {
  readonly trustBucket: string;
  /** The TUF repository; that of Sigstore's public-good instance where `undefined`. */
  readonly mirror: string | undefined;
  /** The repository's root.json, a file below the function's code. */
  readonly mirrorRoot: string | undefined;
}

export function trustConfig(settings: Settings): TrustConfig {
  const root = settings.optional('TRUST_ROOT') ?? 'carried';
  return {
    trustBucket: settings.optional('TRUST_BUCKET'),
    trustRoot: root === 'carried' || root === 'none' ? root : { file: root },
    trustRootMaxAge: maxAgeFrom(settings),
  };
}

export function trustRefreshConfig(settings: Settings): TrustRefreshConfig {
  const mirror = settings.optional('TRUST_MIRROR');
  const mirrorRoot = settings.optional('TRUST_MIRROR_ROOT');
  if (mirror !== undefined && mirrorRoot === undefined)
    settings.problems.push('TRUST_MIRROR needs TRUST_MIRROR_ROOT: nothing else says whom to believe there');
  return { trustBucket: settings.required('TRUST_BUCKET'), mirror, mirrorRoot };
}

function maxAgeFrom(settings: Settings): number {
  const text = settings.optional('TRUST_ROOT_MAX_AGE') ?? String(defaultOldDays);
  if (/^\d{1,5}$/.test(text)) return Number(text);
  settings.problems.push(`TRUST_ROOT_MAX_AGE: '${text}' is no number of days`);
  return defaultOldDays;
}
