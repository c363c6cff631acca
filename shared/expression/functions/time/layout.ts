/** What stands in a layout of Go's time package for a part of a time. */
export type Part =
  | 'January'
  | 'Jan'
  | '1'
  | '01'
  | 'Monday'
  | 'Mon'
  | '2'
  | '_2'
  | '02'
  | '__2'
  | '002'
  | '15'
  | '3'
  | '03'
  | '4'
  | '04'
  | '5'
  | '05'
  | '2006'
  | '06'
  | 'PM'
  | 'pm'
  | 'MST'
  | 'Z0700'
  | 'Z070000'
  | 'Z07'
  | 'Z07:00'
  | 'Z07:00:00'
  | '-0700'
  | '-070000'
  | '-07'
  | '-07:00'
  | '-07:00:00'
  | 'fraction'
  | 'some fraction';

/** A layout, taken apart. */
export interface Layout {
  readonly text: string;
  readonly steps: readonly LayoutStep[];
}

export interface LayoutStep {
  /** What stands before the part, or after the last one. */
  readonly literal: string;
  /** `undefined`: the layout is at its end. */
  readonly part: Part | undefined;
  /** As the layout writes it. */
  readonly written: string;
}

/**
 * The parts as they are looked for at one place, the first that fits being the one. `.000` is a fraction of as many digits, `.999` one of
 * any number; neither is followed by a digit.
 */
const parts =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|0[1-6]|002|15|1|2006|2|_(?=2006)|_2|__2|3|4|5|PM|pm|-07(?:0000|:00:00|00|:00|)|Z07(?:0000|:00:00|00|:00|)|[.,](?:0+|9+)(?![0-9])/g;

/** Takes a layout apart. What is no part stands for itself. */
export function readLayout(layout: string): Layout {
  const steps: LayoutStep[] = [];
  let at = 0;
  for (const { 0: written, index } of layout.matchAll(parts)) {
    // `_2006` is an underscore and a year.
    if (written === '_') continue;
    steps.push({ literal: layout.slice(at, index), part: partOf(written), written });
    at = index + written.length;
  }
  steps.push({ literal: layout.slice(at), part: undefined, written: '' });
  return { text: layout, steps };
}

function partOf(written: string): Part {
  if (/^[.,]/.test(written)) return written.charAt(1) === '0' ? 'fraction' : 'some fraction';
  return written as Part;
}
