"""Runs the benchmarks' strategies with the Python peers, on bars that the benchmark has written down.

    python peer.py FOLDER MODE...

Each mode prints one line of JSON: the least of several runs in seconds, the outcome, and the process's peak memory in kB.
"""
import json
import os
import resource
import sys
import time
import types
import warnings

os.environ["TQDM_DISABLE"] = "1"
warnings.simplefilter("ignore")

import numpy as np
import pandas as pd
from backtesting import Backtest, Strategy
from backtesting.lib import crossover


def read_bars(folder, name):
    columns = np.fromfile(os.path.join(folder, name + ".f64")).reshape(6, -1)
    frame = pd.DataFrame(dict(zip(["Open", "High", "Low", "Close", "Volume"], columns[1:])))
    frame.index = pd.to_datetime(columns[0], unit="ms")
    return frame


def sma(values, period):
    return pd.Series(values).rolling(period).mean()


class SmaCross(Strategy):
    fast = 10
    slow = 30

    def init(self):
        self.quick = self.I(sma, self.data.Close, self.fast)
        self.calm = self.I(sma, self.data.Close, self.slow)

    def next(self):
        if crossover(self.quick, self.calm):
            self.position.close()
            self.buy()
        elif crossover(self.calm, self.quick):
            self.position.close()
            self.sell()


def least(times, run):
    best = float("inf")
    for _ in range(times):
        begun = time.perf_counter()
        answer = run()
        best = min(best, time.perf_counter() - begun)
    return best, answer


def single(folder, name, times):
    bars = read_bars(folder, name)
    seconds, stats = least(times, lambda: Backtest(bars, SmaCross, cash=10_000, finalize_trades=True).run())
    return seconds, {"trades": int(stats["# Trades"]), "equity": float(stats["Equity Final [$]"])}


def grid(folder):
    bars = read_bars(folder, "short")

    def run():
        backtest = Backtest(bars, SmaCross, cash=10_000, commission=0.002, finalize_trades=True)
        return backtest.optimize(
            fast=range(5, 30), slow=range(30, 70, 2), maximize="SQN", return_heatmap=True
        )

    seconds, (stats, heatmap) = least(3, run)
    best = stats["_strategy"]
    return seconds, {"runs": len(heatmap), "best": [int(best.fast), int(best.slow)], "value": float(stats["SQN"])}


def portfolio(folder):
    # It imports libraries of pictures and of indicators, which this strategy has no use for.
    for name in ["pandas_ta", "matplotlib", "matplotlib.pyplot", "seaborn"]:
        module = sys.modules[name] = types.ModuleType(name)
        module.rcParams = {}
        module.AnalysisIndicators = type("AnalysisIndicators", (), {"__init__": lambda self, *_: None})
    sys.modules["matplotlib"].pyplot = sys.modules["matplotlib.pyplot"]
    import minitrade.backtest as minitrade

    with open(os.path.join(folder, "portfolio.json")) as file:
        symbols = json.load(file)
    bars = pd.concat({symbol: read_bars(folder, symbol) for symbol in symbols}, axis=1)

    class TopRoc(minitrade.Strategy):
        period = 10
        top = 10

        def init(self):
            close = self.data.Close.df
            self.roc = self.I((close / close.shift(self.period) - 1) * 100, name="roc")

        def next(self):
            self.alloc.assume_zero()
            roc = self.roc.df.iloc[-1]
            self.alloc.bucket["top"].append(roc.sort_values(ascending=False).head(self.top), roc > 0)
            self.alloc.bucket["top"].weight_equally().apply()
            self.rebalance(cash_reserve=0.1)

    seconds, stats = least(
        2, lambda: minitrade.Backtest(bars, TopRoc, cash=1_000_000, fail_fast=False).run()
    )
    return seconds, {"trades": int(stats["# Trades"]), "equity": float(stats["Equity Final [$]"])}


def peak_kb():
    """Linux counts the memory of the process that started this one into ru_maxrss, but not into what it says in /proc."""
    if os.path.exists("/proc/self/status"):
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


modes = {
    "long": lambda folder: single(folder, "long", 2),
    "short": lambda folder: single(folder, "short", 20),
    "grid": grid,
    "portfolio": portfolio,
}

if __name__ == "__main__":
    folder, mode = sys.argv[1:]
    seconds, outcome = modes[mode](folder)
    peak = peak_kb()
    print(json.dumps({"seconds": seconds, "outcome": outcome, "peakKb": peak}))
