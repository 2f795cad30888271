/** Which seeds a test lives through: its own few, or those that a variable of the environment names. */

/** @param variable such as `MONTH_SEEDS`, which holds `7` or `1..40` */
export function seedsNamed(variable: string): readonly number[] | undefined {
  const text = process.env[variable];
  if (text === undefined || text === '') return undefined;
  const [first = Number.NaN, last = first] = text.split('..').map(Number);
  if (!(first <= last))
    throw new Error(`${variable} is to be a seed, such as 7, or a range, such as 1..40: ${text}`);
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
