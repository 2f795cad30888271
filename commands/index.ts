/** The commands there are. A new one is a file beside this one, and its line here. */
import { alias } from './alias.ts';
import { audit } from './audit.ts';
import { backtest } from './backtest.ts';
import { balance } from './balance.ts';
import { book } from './book.ts';
import { broker } from './broker.ts';
import { buy } from './buy.ts';
import { cancel } from './cancel.ts';
import { chart } from './chart.ts';
import { claim } from './claim.ts';
import { close } from './close.ts';
import type { Command } from './command.ts';
import { config } from './config.ts';
import { data } from './data.ts';
import { difference } from './difference.ts';
import { fills } from './fills.ts';
import { help } from './help.ts';
import { job } from './job.ts';
import { log } from './log.ts';
import { mail } from './mail.ts';
import { manual } from './manual.ts';
import { notify } from './notify.ts';
import { operation } from './operation.ts';
import { optimize } from './optimize.ts';
import { orders } from './orders.ts';
import { panic } from './panic.ts';
import { performance } from './performance.ts';
import { ping } from './ping.ts';
import { plan } from './plan.ts';
import { positions } from './positions.ts';
import { profit } from './profit.ts';
import { report } from './report.ts';
import { restart } from './restart.ts';
import { resume } from './resume.ts';
import { run } from './run.ts';
import { sell } from './sell.ts';
import { signal } from './signal.ts';
import { status } from './status.ts';
import { strategy } from './strategy.ts';
import { suspend } from './suspend.ts';
import { task } from './task.ts';
import { terminate } from './terminate.ts';
import { timezone } from './timezone.ts';
import { trade } from './trade.ts';
import { user } from './user.ts';
import { version } from './version.ts';
import { walkforward } from './walkforward.ts';
import { whoami } from './whoami.ts';

export const commands: readonly Command[] = [
  help,
  status,
  ping,
  version,
  whoami,
  balance,
  positions,
  orders,
  fills,
  trade,
  profit,
  performance,
  report,
  buy,
  sell,
  close,
  cancel,
  operation,
  backtest,
  optimize,
  walkforward,
  run,
  strategy,
  chart,
  data,
  book,
  signal,
  difference,
  manual,
  plan,
  task,
  broker,
  panic,
  suspend,
  resume,
  user,
  claim,
  config,
  notify,
  mail,
  timezone,
  alias,
  audit,
  job,
  log,
  restart,
  terminate,
];
