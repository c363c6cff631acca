/** Media types of the layer, by which its format is told. */
export const jws = 'application/jose+json';
export const cose = 'application/cose';
