/** The commands there are. A new one is a file beside this one, and its line here. */
import { backtest } from './backtest.ts';
import { book } from './book.ts';
import type { Command } from './command.ts';
import { difference } from './difference.ts';
import { help } from './help.ts';
import { manual } from './manual.ts';
import { optimize } from './optimize.ts';
import { panic } from './panic.ts';
import { ping } from './ping.ts';
import { plan } from './plan.ts';
import { resume } from './resume.ts';
import { signal } from './signal.ts';
import { status } from './status.ts';
import { strategy } from './strategy.ts';
import { suspend } from './suspend.ts';
import { terminate } from './terminate.ts';
import { walkforward } from './walkforward.ts';

export const commands: readonly Command[] = [
  help,
  status,
  ping,
  backtest,
  optimize,
  walkforward,
  strategy,
  book,
  signal,
  difference,
  manual,
  plan,
  panic,
  suspend,
  resume,
  terminate,
];
