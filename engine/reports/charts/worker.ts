/** The thread that draws: one request in, one picture or the reason why there is none out. Started by `renderer.ts`. */
import { parentPort } from 'node:worker_threads';
import { backtestFigure } from './backtest-chart.ts';
import { chartCanvas } from './canvas.ts';
import { comparisonFigure } from './comparison-chart.ts';
import { equityFigure, profitFigure, tradeFigure } from './desk-charts.ts';
import { divergenceFigure } from './divergence-chart.ts';
import { drawFigure } from './draw.ts';
import { drawHeatMap } from './draw-heat-map.ts';
import { heatMapOf, sweepFigure } from './heat-map.ts';
import { priceFigure } from './price-chart.ts';
import type { ChartAnswer, ChartRequest } from './request.ts';
import { walkForwardFigure } from './walk-forward-chart.ts';

const port = parentPort;
if (port === null) throw new Error('charts/worker.ts runs in a worker thread only');

const canvas = chartCanvas();

port.on('message', (request: ChartRequest) => {
  const answer = answerTo(request);
  port.postMessage(answer, 'png' in answer ? [answer.png.buffer] : []);
});

function answerTo(request: ChartRequest): ChartAnswer {
  try {
    return { png: drawn(request) };
  } catch (thrown) {
    // With its stack: on the other side of the thread there is no other trace of where it happened.
    return { error: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) };
  }
}

function drawn(request: ChartRequest): Uint8Array<ArrayBuffer> {
  switch (request.kind) {
    case 'backtest':
      return drawFigure(canvas, backtestFigure(request.run, request.bars));
    case 'price':
      return drawFigure(canvas, priceFigure(request.bars, request.indicators));
    case 'heatMap': {
      const { map } = request;
      return map.y === null
        ? drawFigure(canvas, sweepFigure(map))
        : drawHeatMap(canvas, heatMapOf(map, map.y));
    }
    case 'comparison':
      return drawFigure(canvas, comparisonFigure(request.comparison));
    case 'walkForward':
      return drawFigure(canvas, walkForwardFigure(request.run));
    case 'equity':
      return drawFigure(canvas, equityFigure(request.chart));
    case 'profit':
      return drawFigure(canvas, profitFigure(request.chart));
    case 'trade':
      return drawFigure(canvas, tradeFigure(request.chart));
    case 'divergence':
      return drawFigure(canvas, divergenceFigure(request.chart));
    default:
      return request satisfies never;
  }
}
