/** Where events are counted. A name is kebab-case; labels have few distinct values, and never a secret or a caller's text. */
export interface Metrics {
  count(name: string, labels?: Readonly<Record<string, string>>): void;
}
