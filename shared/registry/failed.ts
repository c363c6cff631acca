import { Refusal } from '../reasons.ts';

/** What a status is that says nothing about the image: the registry's service failed. */
export function failed(status: number, at: URL, what: string, late = false): Refusal {
  const told = toldStatus(status, at, what);
  if (status === 401 || status === 403) return new Refusal('registry-unauthorized', told);
  return new Refusal(status === 429 ? 'registry-throttled' : 'registry-error', told, { late });
}

/** A status that the registry's service answers for good about something attached, and that is no content: denied. */
export function declined(status: number, what: string): Refusal {
  return new Refusal('content-missing', toldDeclined(status, what));
}

/** The same about the image itself: a 4xx says that there is no such image, whatever else is nonsense of the registry's. */
export function imageDeclined(status: number, what: string): Refusal {
  const reason = status >= 400 && status < 500 ? 'image-not-found' : 'registry-error';
  return new Refusal(reason, toldDeclined(status, what));
}

function toldDeclined(status: number, what: string): string {
  return `the registry answered ${status} to the request for ${what}`;
}

export function toldStatus(status: number, at: URL, what: string): string {
  return `${at.host} answered ${status} to the request for ${what}`;
}
