import { Refusal } from '../reasons.ts';

/** What a status is that says nothing about the image: the registry's service failed. */
export function failed(status: number, at: URL, what: string, late = false): Refusal {
  const told = toldStatus(status, at, what);
  if (status === 401 || status === 403) return new Refusal('registry-unauthorized', told);
  return new Refusal(status === 429 ? 'registry-throttled' : 'registry-error', told, { late });
}

export function toldStatus(status: number, at: URL, what: string): string {
  return `${at.host} answered ${status} to the request for ${what}`;
}
