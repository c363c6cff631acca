/** Set by the build: a hash of the sources that decide, and of the lockfile. */
declare const COUNTERSIGN_ENGINE: string | undefined;

/** What this build's verifications are stored under: another build asks again rather than believe what an older one found. */
export const engine: string = typeof COUNTERSIGN_ENGINE === 'string' ? COUNTERSIGN_ENGINE : 'unbuilt';
