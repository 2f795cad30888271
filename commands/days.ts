/** Instants of bars, milliseconds UTC, as people read them: `2020-01-31`, with the time of day where there is one. */
export function daysOf(time: number): string {
  if (!Number.isFinite(time)) return 'n/a';
  const text = new Date(time).toISOString();
  return text.endsWith('T00:00:00.000Z') ? text.slice(0, 10) : `${text.slice(0, 16).replace('T', ' ')} UTC`;
}
