import type { IncomingMessage, ServerResponse } from 'node:http';

export interface Bearer {
  /** Token requests answered so far: what each asked for and with what. */
  readonly asked: { readonly method: string; readonly url: URL; readonly authorization: string | undefined }[];
  /** Tokens that the registry accepts; a new one is added for each request. */
  readonly valid: Set<string>;
  /** The parameters of the challenge; `realm` is `/token` on the same server unless set. */
  challenge: string | undefined;
  /** What the token server answers; by default a token that is valid for five minutes. */
  grant: (token: string) => { readonly status?: number; readonly body: unknown };
  readonly intercept: (request: IncomingMessage, response: ServerResponse) => boolean;
}

/** A registry that wants a bearer token, and its token server under `/token`. */
export function bearer(): Bearer {
  const it: Bearer = {
    asked: [],
    valid: new Set(),
    challenge: undefined,
    grant: (token) => ({ body: { token, expires_in: 300 } }),
    intercept(request, response) {
      const url = new URL(request.url ?? '', `http://${request.headers.host}`);
      const { authorization } = request.headers;
      if (url.pathname === '/token') {
        const token = `token-${it.asked.length + 1}`;
        it.asked.push({ method: request.method ?? '', url, authorization });
        const { status = 200, body } = it.grant(token);
        if (status === 200) it.valid.add(token);
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
        return true;
      }
      if (authorization?.startsWith('Bearer ') && it.valid.has(authorization.slice(7))) return false;
      const name = /^\/v2\/(.+)\/(?:manifests|blobs|referrers)\//.exec(url.pathname)?.[1];
      const usual = `realm="http://${url.host}/token",service="registry.test",scope="repository:${name}:pull"`;
      response.writeHead(401, { 'www-authenticate': `Bearer ${it.challenge ?? usual}` }).end('{"errors":[]}');
      return true;
    },
  };
  return it;
}
