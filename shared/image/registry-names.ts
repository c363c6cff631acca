import { dockerHub, dockerHubAliases } from './host.ts';

/*
 * The registries that answer under several host names. It is the one table of them: patterns, credentials, token servers and the
 * hosts that may be called all read it.
 */
const families: readonly (readonly string[])[] = [
  [dockerHub, ...dockerHubAliases, 'registry.hub.docker.com'],
  ['public.ecr.aws', 'ecr-public.aws.com'],
];

/**
 * Amazon ECR's private registries: one for each account and region, under its plain and its FIPS name, in IPv4 and in dual stack
 * (docs.aws.amazon.com/general/latest/gr/ecr.html), in China under domains of its own as well, and in the European Sovereign Cloud
 * (regions `eusc-…`) under those of its partition alone.
 */
const ecr = {
  world: [
    'ACCOUNT.dkr.ecr.REGION.amazonaws.com',
    'ACCOUNT.dkr.ecr-fips.REGION.amazonaws.com',
    'ACCOUNT.dkr-ecr.REGION.on.aws',
    'ACCOUNT.dkr-ecr-fips.REGION.on.aws',
  ],
  china: [
    'ACCOUNT.dkr.ecr.REGION.amazonaws.com.cn',
    'ACCOUNT.dkr.ecr-fips.REGION.amazonaws.com.cn',
    'ACCOUNT.dkr-ecr.REGION.on.amazonwebservices.com.cn',
    'ACCOUNT.dkr-ecr-fips.REGION.on.amazonwebservices.com.cn',
    'ACCOUNT.dkr-ecr.REGION.on.aws',
    'ACCOUNT.dkr-ecr-fips.REGION.on.aws',
  ],
  europe: [
    'ACCOUNT.dkr.ecr.REGION.amazonaws.eu',
    'ACCOUNT.dkr.ecr-fips.REGION.amazonaws.eu',
    'ACCOUNT.dkr-ecr.REGION.on.amazonwebservices.eu',
    'ACCOUNT.dkr-ecr-fips.REGION.on.amazonwebservices.eu',
  ],
} as const;
const ecrForms = [...new Set(Object.values(ecr).flat())];

/** The same, label by label, for those who compare hosts with globs. The ends are AWS's own domains. */
export const ecrHosts: readonly string[] = ecrForms.map((form) => filled(form, '?'.repeat(12), '*'));

/** Anchored at both ends: `….amazonaws.com.evil.example` is none (CVE-2025-27403). */
const ecrHost = new RegExp(
  `^(?:${ecrForms.map((form) => filled(form.replaceAll('.', '\\.'), '\\d{12}', '[a-z0-9-]+')).join('|')})$`,
);
const inEcrHost = /^(\d{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\./;

/** Whose registry of Amazon ECR a host is, and where; `undefined` for any other host. */
export function ecrRegistry(host: string): { readonly account: string; readonly region: string } | undefined {
  if (!ecrHost.test(host)) return undefined;
  const [, account = '', region = ''] = inEcrHost.exec(host) ?? [];
  return { account, region };
}

/**
 * Every name of the registry that answers at a canonical host[:port], the one first under which credentials and settings know
 * it; the host alone where there is no other.
 */
export function registryNames(host: string): readonly string[] {
  const family = families.find((names) => names.includes(host));
  if (family !== undefined) return family;
  const found = ecrRegistry(host);
  if (found === undefined) return [host];
  const { account, region } = found;
  const names = ecr[partitionOf(region)].map((form) => filled(form, account, region));
  return names.includes(host) ? names : [...names, host];
}

function partitionOf(region: string): keyof typeof ecr {
  if (region.startsWith('cn-')) return 'china';
  return region.startsWith('eusc-') ? 'europe' : 'world';
}

/** The one name that stands for all names of a registry. */
export function registryName(host: string): string {
  return registryNames(host)[0] ?? host;
}

function filled(form: string, account: string, region: string): string {
  return form.replace('ACCOUNT', account).replace('REGION', region);
}
