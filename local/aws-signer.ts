import { awsSigner } from '../shared/aws/signer.ts';
import { signerClients } from '../shared/aws/signer-clients.ts';
import type { Clock } from '../shared/net/deadline.ts';
import type { AskSigner } from '../shared/revocation/create.ts';

/** AWS Signer, as whom the configuration of AWS on this machine says; it may be far from there. */
export function localSigner(clock: Clock): AskSigner {
  return awsSigner({ clientFor: signerClients({ connectMs: 2000, requestMs: 4000 }), clock });
}
