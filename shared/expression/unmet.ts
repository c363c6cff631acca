import { printable } from '../printable.ts';
import type { UnmetCondition } from './conditions.ts';
import { isList, type Json } from './value.ts';

/** What reads the same with and without quotes around it: a word, an image, a duration. */
const bare = /^[\p{L}\p{N}][\p{L}\p{N}.,:;+/@*?_-]*$/u;
/** UTF-16 units of what no part of the text may leave another one without. */
const least = 8;

/**
 * An unmet condition for people, on one line of about `max` UTF-16 units: `{{ time_since('', scannedOn, '') }} is 900h0m0s, wanted
 * LessThanOrEquals 168h`, after the condition's own message, if it has one. The values are JSON, cut where they are long; foreign text
 * does nothing.
 */
export function tellUnmet({ key, operator, found, wanted, message }: UnmetCondition, max = 300): string {
  const each = Math.max(least, Math.floor(max / 4));
  const told = `${printable(key, each + least)} is ${shown(found, each)}, wanted ${operator} ${shown(wanted, each)}`;
  const text = message === '' ? told : `${printable(message, 2 * each)}: ${told}`;
  // Once more: the cut may be in the middle of a character.
  return printable(text, max);
}

/** A string that could not be taken for anything else stands without quotes. */
function shown(value: Json, most: number): string {
  const isBare = typeof value === 'string' && value.length <= most && bare.test(value) && !isJson(value);
  return printable(isBare ? value : boundedJson(value, most), most);
}

function isJson(text: string): boolean {
  return text === 'true' || text === 'false' || text === 'null' || !Number.isNaN(Number(text));
}

/** A value as JSON, of which no more is written than is shown. */
function boundedJson(value: Json, most: number): string {
  let text = '';
  function write(each: Json): void {
    if (typeof each === 'string') text += JSON.stringify(each.length > most ? each.slice(0, most + 1) : each);
    else if (typeof each !== 'object' || each === null) text += String(each);
    else if (isList(each)) {
      text += '[';
      for (const [at, item] of each.entries()) {
        if (text.length > most) return;
        if (at > 0) text += ',';
        write(item);
      }
      text += ']';
    } else {
      text += '{';
      let first = true;
      for (const name in each) {
        if (text.length > most) return;
        if (!Object.hasOwn(each, name)) continue;
        if (!first) text += ',';
        first = false;
        write(name);
        text += ':';
        write(each[name] ?? null);
      }
      text += '}';
    }
  }
  write(value);
  return text;
}
