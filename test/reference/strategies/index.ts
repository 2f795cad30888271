/** The strategies of the reference cases, by the id that a case gives. */
import type { StrategyClass } from '../../../engine/backtest/index.ts';
import {
  HedgeLadder,
  PnlExit,
  ScaleOut,
  SmaCross,
  SmaCrossLongOnly,
  SmaCrossNet,
  SmaCrossShortOnly,
} from './crossing.ts';
import { MtfTrend, SignalSma, TrailingSma } from './followers.ts';
import { Bracket, LimitPullback, StopBreakout, StopLimit } from './orders.ts';
import { BuyAndHold, Idle, OneTrade, Pyramid } from './plain.ts';
import {
  BucketMerge,
  Drift,
  EqualWeightMonthly,
  FixedWeights,
  InverseVol,
  Rotate,
  TopPositiveRoc,
  TopRocFixedShare,
  TwoBuckets,
} from './portfolios.ts';
import { DirectOrders, Scripted } from './scripted.ts';

export const strategies: Readonly<Record<string, StrategyClass>> = {
  Bracket,
  BucketMerge,
  BuyAndHold,
  DirectOrders,
  Drift,
  EqualWeightMonthly,
  FixedWeights,
  HedgeLadder,
  Idle,
  InverseVol,
  LimitPullback,
  MtfTrend,
  OneTrade,
  PnlExit,
  Pyramid,
  Rotate,
  ScaleOut,
  Scripted,
  SignalSma,
  SmaCross,
  SmaCrossLongOnly,
  SmaCrossNet,
  SmaCrossShortOnly,
  StopBreakout,
  StopLimit,
  TopPositiveRoc,
  TopRocFixedShare,
  TrailingSma,
  TwoBuckets,
};
