/** The table: a script for every command, in the order in which they are played on one desk. */
import { books, byHand, differences, newBooks, signals } from './books.ts';
import { buttons } from './buttons.ts';
import { overview } from './overview.ts';
import { backtests, data, plans, strategies } from './research.ts';
import { brokers, people, settings, tasks, upkeep } from './running.ts';
import type { Script } from './script.ts';
import { money, trading } from './trading.ts';

export const scripts: readonly Script[] = [
  ...overview,
  ...trading,
  ...money,
  ...books,
  ...signals,
  ...differences,
  ...byHand,
  ...backtests,
  ...strategies,
  ...plans,
  ...data,
  ...brokers,
  ...people,
  ...settings,
  ...tasks,
  ...newBooks,
  ...buttons,
  ...upkeep,
];
