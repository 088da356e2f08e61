const COUNT = new Intl.NumberFormat("en");
const PLURAL = new Intl.PluralRules("en");

/** "1,204". */
export function grouped(value: number): string {
  return COUNT.format(value);
}

/** "1 event", "1,204 events". */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${COUNT.format(number)} ${PLURAL.select(number) === "one" ? one : many}`;
}
