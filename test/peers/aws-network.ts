import dns from 'node:dns';
import { Socket } from 'node:net';

/**
 * Loaded before a function starts: a network in which Amazon ECR's hosts answer on loopback at the port that ECR_PORT names, as a VPC's
 * endpoints do on addresses of the VPC. Names that do not end in `.amazonaws.com` are not known in it, so nothing reaches the internet.
 */
const ecrPort = Number(process.env['ECR_PORT']);
const ecrHost = /\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com$/;

function lookup(name: string, _options: dns.LookupAllOptions, callback: LookupCallback): void {
  if (ecrHost.test(name)) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(Object.assign(new Error(`${name} is not known here`), { code: 'ENOTFOUND' }), []);
}

type LookupCallback = (error: NodeJS.ErrnoException | null, addresses: dns.LookupAddress[]) => void;

Object.assign(dns, { lookup });

const { connect } = Socket.prototype;

Object.assign(Socket.prototype, {
  connect(this: Socket, ...args: unknown[]) {
    return Reflect.apply(connect, this, args.map(rerouted));
  },
});

/** Options of a connection come alone or, from within Node, in a list with the callback. */
function rerouted(argument: unknown): unknown {
  if (Array.isArray(argument)) {
    // Node marks the list with a symbol, so it is changed in place.
    argument[0] = rerouted(argument[0]);
    return argument;
  }
  if (typeof argument !== 'object' || argument === null || !('host' in argument)) return argument;
  return ecrHost.test(String(argument.host)) ? { ...argument, port: ecrPort } : argument;
}
