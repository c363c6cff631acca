import { isIP } from 'node:net';

/** `name[:port]` in its parts; the brackets of an IPv6 literal are taken off. The text is expected in lower case. */
export function splitHost(text: string): { readonly name: string; readonly port: string | undefined } {
  const found = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(text);
  if (found === null) return { name: text, port: undefined };
  return { name: found[1] ?? found[2] ?? '', port: found[3] };
}

/** The name of a URL's host without brackets and without the root's trailing dot, which resolvers ignore. */
export function hostName(url: URL): string {
  return splitHost(url.host).name.replace(/\.$/, '');
}

/** localhost, 127.0.0.0/8 and ::1: the hosts that only this machine answers (RFC 6761 §6.3 gives all of `.localhost`). */
export function isLoopbackHost(name: string): boolean {
  if (name === 'localhost' || name.endsWith('.localhost')) return true;
  return isIP(name) === 4 ? name.startsWith('127.') : name === '::1';
}

/**
 * Whether a host name fits a pattern: label by label, as many labels in one as in the other, `*` and `?` within a label
 * only. So `*.dkr.ecr.*.amazonaws.com` covers no `1.dkr.ecr.eu-west-1.amazonaws.com.evil.example`, and nothing is ever
 * compared by substring (CVE-2026-59891). It is how kubelet compares the hosts of pull secrets.
 */
export function matchesLabels(pattern: string, name: string): boolean {
  if (pattern === name) return true;
  if (isIP(name) !== 0) return false;
  const wanted = pattern.split('.');
  const labels = name.split('.');
  return wanted.length === labels.length && wanted.every((glob, index) => matchesLabel(glob, labels[index] ?? ''));
}

/** `*` any run of characters, `?` any one. Linear but for the last `*`, to which it falls back. */
function matchesLabel(glob: string, label: string): boolean {
  let at = 0;
  let seen = 0;
  let star = -1;
  let resume = 0;
  while (at < label.length) {
    if (glob[seen] === '*') {
      star = seen++;
      resume = at;
    } else if (seen < glob.length && (glob[seen] === '?' || glob[seen] === label[at])) {
      seen++;
      at++;
    } else if (star >= 0) {
      seen = star + 1;
      at = ++resume;
    } else {
      return false;
    }
  }
  while (glob[seen] === '*') seen++;
  return seen === glob.length;
}
