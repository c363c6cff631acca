/** A key in AWS KMS, as the address names it. */
export interface AwsKmsKey {
  /** A key's ID or ARN, or an alias or its ARN: what KMS takes for a KeyId. */
  readonly keyId: string;
  /** `host` or `host:port`, where the address names one. */
  readonly endpoint?: string;
  /** Of the ARN, else of the endpoint; without either it is where Countersign runs. */
  readonly region?: string;
}

const address = /^awskms:\/\/([^/]*)\/(.+)$/;
const host = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?(?::\d{1,5})?$/;
const key = '(?:[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}|mrk-[0-9A-Fa-f]{32})';
const alias = 'alias/[A-Za-z0-9/_-]{1,250}';
const bareId = new RegExp(`^(?:${key}|${alias})$`);
const arn = new RegExp(`^arn:aws(?:-us-gov|-cn|-eusc)?:kms:([a-z0-9-]+):\\d{12}:(?:key/${key}|${alias})$`);
/** Public, FIPS, dual-stack and VPC endpoints of KMS. */
const ofAmazon =
  /(?:^|\.)kms(?:-fips)?\.((?:[a-z]{2}|eusc)(?:-[a-z]+)+-\d+)\.(?:vpce\.)?(?:amazonaws\.(?:com(?:\.cn)?|eu)|api\.aws|api\.amazonwebservices\.(?:com\.cn|eu))(?::\d+)?$/i;

/**
 * `awskms://[ENDPOINT]/KEY`, as cosign writes it (sigstore, pkg/signature/kms/aws). A problem ends a sentence that begins with the
 * field.
 */
export function parseAwsKms(text: string): AwsKmsKey | { readonly problem: string } {
  const [, endpoint = '', keyId = ''] = address.exec(text) ?? [];
  const ofArn = arn.exec(keyId)?.[1];
  if (ofArn === undefined && !bareId.test(keyId)) {
    return {
      problem:
        'is no key in AWS KMS: write awskms:///KEY with a key ID, mrk-…, alias/NAME or the ARN of a key or alias, ' +
        'or awskms://ENDPOINT/KEY',
    };
  }
  if (endpoint !== '' && !host.test(endpoint)) return { problem: 'names an endpoint that is no host' };
  const ofEndpoint = ofAmazon.exec(endpoint)?.[1]?.toLowerCase();
  if (ofArn !== undefined && ofEndpoint !== undefined && ofArn !== ofEndpoint) {
    return { problem: `names a key of ${ofArn} and an endpoint of ${ofEndpoint}` };
  }
  const region = ofArn ?? ofEndpoint;
  return { keyId, ...(endpoint && { endpoint }), ...(region !== undefined && { region }) };
}
