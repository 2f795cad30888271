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
import { SignalSma, TrailingSma } from './followers.ts';
import { Bracket, LimitPullback, StopBreakout, StopLimit } from './orders.ts';
import { BuyAndHold, Idle, OneTrade, Pyramid } from './plain.ts';
import { Scripted } from './scripted.ts';

export const strategies: Readonly<Record<string, StrategyClass>> = {
  Bracket,
  BuyAndHold,
  HedgeLadder,
  Idle,
  LimitPullback,
  OneTrade,
  PnlExit,
  Pyramid,
  ScaleOut,
  Scripted,
  SignalSma,
  SmaCross,
  SmaCrossLongOnly,
  SmaCrossNet,
  SmaCrossShortOnly,
  StopBreakout,
  StopLimit,
  TrailingSma,
};
