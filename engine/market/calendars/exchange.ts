/** What a file of an exchange says: its hours, its holidays, and the days on which the hours were others. */

/** Times of day in its zone as `09:30`; a close of `24:00` is the next midnight. */
export interface Hours {
  readonly open: string;
  readonly close: string;
  readonly pause?: readonly [from: string, to: string];
}

export interface Exchange {
  readonly name: string;
  readonly title: string;
  /** IANA zone. */
  readonly zone: string;
  /** It has no weekends. */
  readonly everyDay?: boolean;
  /** The usual hours, each since a day, oldest first, the first since 2000 or before. */
  readonly hours: readonly (Hours & { readonly since: string })[];
  /** Days of a year without a session; weekends may be among them. */
  holidays(year: number): readonly string[];
  /** Where a day of the year differs from the usual hours. `trades` says whether a day of that year has a session. */
  oddHours(year: number, trades: (day: string) => boolean): ReadonlyMap<string, Partial<Hours>>;
  /** The last day whose holidays are announced, where they do not follow from rules. */
  readonly announcedUntil?: string;
}

/** Days of any year as a table, those of one year. */
export function inYear(days: readonly string[], year: number): string[] {
  return days.filter((day) => day.startsWith(`${year}-`));
}
