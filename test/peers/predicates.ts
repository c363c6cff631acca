// What is attested in the tests: something of every predicate type that cosign knows by name, and of one that it does not.

const slsa02 = { builder: { id: 'https://builder.test' }, buildType: 'https://build.test', invocation: {} };
const slsa1 = {
  buildDefinition: { buildType: 'https://build.test', externalParameters: { source: 'git+https://x.test' } },
  runDetails: { builder: { id: 'https://builder.test' } },
};
const link = {
  _type: 'link',
  name: 'build',
  materials: {},
  products: {},
  byproducts: {},
  command: ['make'],
  environment: {},
};
const scan = {
  invocation: { parameters: [], uri: '', event_id: '', 'builder.id': '' },
  scanner: { uri: 'https://scanner.test', version: '1', db: { uri: '', version: '' }, result: { runs: [] } },
  metadata: { scanStartedOn: '2026-01-01T00:00:00Z', scanFinishedOn: '2026-01-01T00:01:00Z' },
};

export interface KnownType {
  /** cosign's name for it. */
  readonly name: string;
  readonly predicateType: string;
  /** What cosign is given, */
  readonly predicate: unknown;
  /** and a part of what it then states: it fills in what the type has. */
  readonly stated: unknown;
  /** An expression over what is stated, and its value; of a predicate that is no object there is none. */
  readonly field?: readonly [expression: string, value: unknown];
}

export const reviewType = 'https://example.test/review/v1';

export const knownTypes: readonly KnownType[] = [
  {
    name: 'slsaprovenance',
    predicateType: 'https://slsa.dev/provenance/v0.2',
    predicate: slsa02,
    stated: { builder: slsa02.builder },
    field: ['builder.id', 'https://builder.test'],
  },
  {
    name: 'slsaprovenance02',
    predicateType: 'https://slsa.dev/provenance/v0.2',
    predicate: slsa02,
    stated: { builder: slsa02.builder },
    field: ['buildType', 'https://build.test'],
  },
  {
    name: 'slsaprovenance1',
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: slsa1,
    stated: { runDetails: slsa1.runDetails },
    field: ['buildDefinition.externalParameters.source', 'git+https://x.test'],
  },
  {
    name: 'link',
    predicateType: 'https://in-toto.io/Link/v1',
    predicate: link,
    stated: { name: 'build' },
    field: ['command[0]', 'make'],
  },
  {
    name: 'spdx',
    predicateType: 'https://spdx.dev/Document',
    predicate: { spdxVersion: 'SPDX-2.3' },
    stated: '{"spdxVersion":"SPDX-2.3"}',
  },
  {
    name: 'spdxjson',
    predicateType: 'https://spdx.dev/Document',
    predicate: { spdxVersion: 'SPDX-2.3' },
    stated: { spdxVersion: 'SPDX-2.3' },
    field: ['spdxVersion', 'SPDX-2.3'],
  },
  {
    name: 'cyclonedx',
    predicateType: 'https://cyclonedx.org/bom',
    predicate: { bomFormat: 'CycloneDX' },
    stated: { bomFormat: 'CycloneDX' },
    field: ['bomFormat', 'CycloneDX'],
  },
  {
    name: 'vuln',
    predicateType: 'https://cosign.sigstore.dev/attestation/vuln/v1',
    predicate: scan,
    stated: { scanner: { result: { runs: [] } } },
    field: ['length(scanner.result.runs)', 0],
  },
  {
    name: 'openvex',
    predicateType: 'https://openvex.dev/ns',
    predicate: { statements: [], author: 'us' },
    stated: { author: 'us' },
    field: ['author', 'us'],
  },
  {
    name: 'custom',
    predicateType: 'https://cosign.sigstore.dev/attestation/v1',
    predicate: { any: 1 },
    stated: { Data: '{"any":1}' },
    field: ['parse_json(Data).any', 1],
  },
  {
    name: reviewType,
    predicateType: reviewType,
    predicate: { approved: true },
    stated: { approved: true },
    field: ['approved', true],
  },
];
