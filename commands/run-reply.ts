/** How a backtest or a run of a plan is answered: the figures that fit on a phone, all of them below, the files. */
import type { BacktestReport } from '../engine/desk.ts';
import { block, type Reply, type RichText, rich } from './reply.ts';

export function backtestReply({ result, headline, statistics, warnings, files, run }: BacktestReport): Reply {
  const params = Object.entries(result.params).map(([name, value]) => `${name}=${value}`);
  return {
    title: [result.strategy, result.symbols.join(', '), ...params].join('  '),
    tone: 'success',
    fields: headline,
    text: [...warningLines(warnings), block(aligned(statistics)), ...rich`Saved as ${run}.`],
    attachments: files,
  };
}

function warningLines(warnings: readonly string[]): RichText {
  return warnings.flatMap((warning) => [`⚠️ ${warning}\n`]);
}

/** Names left, values right, one line each. */
export function aligned(rows: readonly { readonly name: string; readonly value: string }[]): string {
  const names = Math.max(...rows.map(({ name }) => name.length));
  const values = Math.max(...rows.map(({ value }) => value.length));
  return rows.map(({ name, value }) => `${name.padEnd(names)}  ${value.padStart(values)}`).join('\n');
}
