/** The statistics of a backtest as rows of text, under the names by which the field knows them. */
import type { BacktestResult, Statistics } from '../backtest/result.ts';
import { clockText, dateText, durationText, numberText, percentText, signedPercentText } from './format.ts';

export interface StatisticRow {
  readonly name: string;
  readonly value: string;
}

/** All statistics, in the order in which a report is read: period, result, risk, trades. */
export function statisticRows(statistics: Statistics): readonly StatisticRow[] {
  const s = statistics;
  const moment = momentTextFor(s);
  return [
    row('Start', moment(s.start)),
    row('End', moment(s.end)),
    row('Duration', durationText(s.durationMs)),
    row('Exposure Time', percentText(s.exposureTimePct)),
    row('Equity Final', numberText(s.equityFinal)),
    row('Equity Peak', numberText(s.equityPeak)),
    row('Commissions', numberText(s.commissions)),
    row('Return', percentText(s.returnPct)),
    row('Buy & Hold Return', percentText(s.buyAndHoldReturnPct)),
    row('Return (Ann.)', percentText(s.returnAnnualPct)),
    row('Volatility (Ann.)', percentText(s.volatilityAnnualPct)),
    row('CAGR', percentText(s.cagrPct)),
    row('Sharpe Ratio', numberText(s.sharpeRatio)),
    row('Sortino Ratio', numberText(s.sortinoRatio)),
    row('Calmar Ratio', numberText(s.calmarRatio)),
    row('Alpha', percentText(s.alphaPct)),
    row('Beta', numberText(s.beta)),
    row('Max. Drawdown', percentText(s.maxDrawdownPct)),
    row('Avg. Drawdown', percentText(s.avgDrawdownPct)),
    row('Max. Drawdown Duration', durationText(s.maxDrawdownDurationMs)),
    row('Avg. Drawdown Duration', durationText(s.avgDrawdownDurationMs)),
    row('# Trades', numberText(s.trades, 0)),
    row('Win Rate', percentText(s.winRatePct)),
    row('Best Trade', percentText(s.bestTradePct)),
    row('Worst Trade', percentText(s.worstTradePct)),
    row('Avg. Trade', percentText(s.avgTradePct)),
    row('Max. Trade Duration', durationText(s.maxTradeDurationMs)),
    row('Avg. Trade Duration', durationText(s.avgTradeDurationMs)),
    row('Profit Factor', numberText(s.profitFactor)),
    row('Expectancy', percentText(s.expectancyPct)),
    row('SQN', numberText(s.sqn)),
    row('Kelly Criterion', numberText(s.kellyCriterion)),
  ];
}

/** The six that fit on a phone: was it worth it, against doing nothing, at what risk, and how often. */
export function headline(result: Pick<BacktestResult, 'statistics'>): readonly StatisticRow[] {
  const s = result.statistics;
  return [
    row('Return', shortPercentText(s.returnPct)),
    row('Buy & Hold', shortPercentText(s.buyAndHoldReturnPct)),
    row('Max. Drawdown', percentText(s.maxDrawdownPct)),
    row('Sharpe Ratio', numberText(s.sharpeRatio)),
    row('Trades', numberText(s.trades, 0)),
    row('Win Rate', percentText(s.winRatePct)),
  ];
}

/** From a thousand percent on, hundredths are noise. */
function shortPercentText(value: number): string {
  return signedPercentText(value, Math.abs(value) >= 1000 ? 0 : 2);
}

function row(name: string, value: string): StatisticRow {
  return { name, value };
}

/** Dates alone for sessions; with the time of day when the first or the last bar starts within a day. */
function momentTextFor(statistics: Statistics): (timeMs: number) => string {
  const wholeDays = [statistics.start, statistics.end].every((time) => time % 86_400_000 === 0);
  if (wholeDays) return dateText;
  return (timeMs) => (Number.isFinite(timeMs) ? `${dateText(timeMs)} ${clockText(timeMs)} UTC` : 'n/a');
}
