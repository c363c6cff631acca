/**
 * The steps of a variable's name in a values file: `request.object.metadata.labels."app.kubernetes.io/name"` has five. Kyverno reads
 * it as a line of CSV with `.` between the fields, so a quotation mark in a quoted step is doubled. `undefined`: it is none.
 */
export function stepsOf(name: string): readonly string[] | undefined {
  const steps: string[] = [];
  let rest = name;
  for (;;) {
    const found = step.exec(rest);
    if (found === null) return undefined;
    const [whole, quoted, plain] = found;
    const read = quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"');
    if (read === '') return undefined;
    steps.push(read);
    if (steps.length > deepest) return undefined;
    if (whole.length === rest.length) return steps;
    if (rest[whole.length] !== '.') return undefined;
    rest = rest.slice(whole.length + 1);
  }
}

const step = /^(?:"((?:[^"]|"")*)"|([^".\r\n]*))/;
const deepest = 32;
