/** Why there is no newer trust root; the message names the mirror. Nothing that was there before is lost for it. */
export class TrustUpdateError extends Error {
  override readonly name = 'TrustUpdateError';
}
