/** What every client of AWS is made of. */
export interface ClientOptions {
  readonly region: string;
  /** Tests point a client at a server on loopback; deployed, the SDK knows, or AWS_ENDPOINT_URL says. */
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** In milliseconds. Without `throwOnRequestTimeout` the SDK warns of a request that takes too long, and waits on. */
export function requestHandler(requestTimeout: number, connectionTimeout = 300) {
  return { connectionTimeout, requestTimeout, throwOnRequestTimeout: true };
}

/** Makes a client when its place is first asked for, and one for each name of a place. Making one that failed is tried again. */
export function clientsBy<Place, Client>(
  nameOf: (place: Place) => string,
  create: (place: Place) => Promise<Client>,
): (place: Place) => Promise<Client> {
  const clients = new Map<string, Promise<Client>>();
  return (place) => {
    const name = nameOf(place);
    let client = clients.get(name);
    if (client === undefined) {
      client = create(place);
      clients.set(name, client);
      client.catch(() => clients.delete(name));
    }
    return client;
  };
}
