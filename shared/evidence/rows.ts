/** Every kind of evidence, a row each. */
export { cosignSignature as 'cosign-signature' } from './cosign-signature/kind.ts';
export { dsseEnvelope as 'dsse-envelope' } from './dsse-envelope/kind.ts';
export { notarySignature as 'notary-signature' } from './notary-signature/kind.ts';
export { sigstoreBundle as 'sigstore-bundle' } from './sigstore-bundle/kind.ts';
