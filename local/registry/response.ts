/** An HTTP answer before a fault has touched it. */
export interface RegistryResponse {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

export function respondWith(
  status: number,
  headers: Record<string, string> = {},
  body: string | Uint8Array = Buffer.alloc(0),
): RegistryResponse {
  return { status, headers, body: Buffer.from(body) };
}

export function json(status: number, document: unknown, headers: Record<string, string> = {}): RegistryResponse {
  return respondWith(status, { 'content-type': 'application/json', ...headers }, JSON.stringify(document));
}

/** The distribution-spec's error body; `code` is one of its table. */
export function failure(
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): RegistryResponse {
  return json(status, { errors: [{ code, message }] }, headers);
}
