import type { ExtendedAttribute, NotaryAttributes } from '../../evidence/notary-signature/attributes.ts';
import { compareSemver, parseSemver } from '../../expression/semver.ts';
import { quoted } from '../../printable.ts';
import { type AwsSigned, awsSigned } from './aws-signer.ts';
import { type NotaryObjection, objection } from './objection.ts';

const pluginName = 'io.cncf.notary.verificationPlugin';
const minVersion = 'io.cncf.notary.verificationPluginMinVersion';
const awsSigner = 'com.amazonaws.signer.notation.plugin';
/** The release of AWS Signer's plugin of which everything is done here, so that a signature may ask for it. */
const awsSignerVersion = '1.0.350';

const longestName = 100;

/** What the signature wants beyond the specification's own rules, where that is understood here; `plain`: nothing. */
export type Extension = { readonly by: 'plain' } | ({ readonly by: 'aws-signer' } & AwsSigned);

/**
 * Whether everything that whoever verifies has to understand is understood. A critical attribute must be (signature-specification.md, "Extended
 * attributes"), though notation accepts it; of a plugin every attribute must be, and no level lets another plugin's signature pass.
 */
export function extensionOf(attributes: NotaryAttributes): Extension | NotaryObjection {
  const { extended } = attributes;
  const twice = extended.find(({ name }, index) => extended.findIndex((one) => one.name === name) < index);
  if (twice !== undefined) return unknown(`has the attribute ${named(twice)} twice`);
  const plugin = extended.find(({ name }) => name === pluginName);
  if (plugin === undefined) {
    const critical = extended.find((attribute) => attribute.critical);
    if (critical === undefined) return { by: 'plain' };
    return unknown(`has the critical attribute ${named(critical)}, which is not understood`);
  }
  const { value = '', critical } = plugin;
  if (!critical || value.trim() === '')
    return unknown('names a plugin by an attribute that is no text or not critical');
  if (value !== awsSigner) return unknown(`asks for the plugin ${quoted(value, longestName)}, which is not understood`);
  const version = versionProblem(extended.find(({ name }) => name === minVersion));
  if (version !== undefined) return unknown(version);
  const own = extended.filter(({ name }) => name !== pluginName && name !== minVersion);
  const signed = awsSigned(attributes, own);
  return 'reason' in signed ? signed : { by: 'aws-signer', ...signed };
}

function versionProblem(attribute: ExtendedAttribute | undefined): string | undefined {
  if (attribute === undefined) return undefined;
  const { value = '', critical } = attribute;
  const wanted = parseSemver(value);
  const ours = parseSemver(awsSignerVersion);
  if (!critical || wanted === undefined || ours === undefined) {
    return 'asks for a version of the plugin that is none, or by an attribute that is not critical';
  }
  if (compareSemver(ours, wanted) >= 0) return undefined;
  return `asks for version ${quoted(value, longestName)} of the plugin, and what ${awsSignerVersion} does is understood`;
}

function unknown(message: string): NotaryObjection {
  return objection('attribute-unknown', message);
}

function named({ name }: ExtendedAttribute): string {
  return quoted(name, longestName);
}
