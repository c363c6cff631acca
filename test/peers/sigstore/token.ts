import {
  type FulcioClaims,
  githubClaims,
  githubIssuer,
  type SubjectName,
} from '../../fixtures/authority/certificate.ts';

/** The claims of an identity token, as far as Fulcio reads them. */
export interface TokenClaims {
  readonly iss: string;
  readonly sub: string;
  readonly email?: string;
  readonly [name: string]: unknown;
}

/** What GitHub says of a workflow's run. */
export interface WorkflowRun {
  readonly repository?: string;
  readonly ref?: string;
  readonly workflow?: string;
  readonly file?: string;
  readonly event?: string;
  readonly sha?: string;
}

export function githubToken(run: WorkflowRun = {}): TokenClaims {
  const { repository = 'acme/app', ref = 'refs/heads/main', workflow = 'release', event = 'push' } = run;
  const { sha = 'a'.repeat(40), file = '.github/workflows/release.yml' } = run;
  return {
    iss: githubIssuer,
    sub: `repo:${repository}:ref:${ref}`,
    event_name: event,
    sha,
    workflow,
    repository,
    ref,
    job_workflow_ref: `${repository}/${file}@${ref}`,
    runner_environment: 'github-hosted',
  };
}

/** A person who signed in with an e-mail address. */
export function emailToken(email: string, issuer = 'https://accounts.example.test'): TokenClaims {
  return { iss: issuer, sub: email, email, email_verified: true };
}

/** A JWT of an hour that nobody signed: this Fulcio believes everything. */
export function tokenOf(claims: TokenClaims, now = Date.now()): string {
  const seconds = Math.floor(now / 1000);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const times = { aud: 'sigstore', iat: seconds, nbf: seconds - 5, exp: seconds + 3600 };
  return `${part({ alg: 'RS256', typ: 'JWT' })}.${part({ ...times, ...claims })}.${part({})}`;
}

export function claimsOf(token: string): TokenClaims {
  const claims: TokenClaims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  if (typeof claims.iss !== 'string' || typeof claims.sub !== 'string') throw new Error('a token without iss and sub');
  return claims;
}

/** What Fulcio makes of a token: a workflow's URI, an e-mail address, or a name of no other kind. */
export function identityOfToken(claims: TokenClaims): { names: SubjectName[]; claims: FulcioClaims } {
  const { iss, sub, email, job_workflow_ref: file, repository, ref, workflow, event_name: trigger, sha } = claims;
  const issuer = { 1: iss, 8: iss };
  if (iss === githubIssuer && typeof file === 'string') {
    const texts = {
      repository,
      ref,
      name: workflow,
      trigger,
      sha,
      workflow: file.slice(`${repository}/`.length).split('@')[0],
    };
    const found = Object.fromEntries(Object.entries(texts).filter(([, text]) => typeof text === 'string'));
    return { names: [{ uri: `https://github.com/${file}` }], claims: githubClaims(found) };
  }
  if (email !== undefined) return { names: [{ email }], claims: issuer };
  return { names: [sub.includes('://') ? { uri: sub } : { otherName: sub }], claims: issuer };
}
