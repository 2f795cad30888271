/** The thread that draws: one request in, one picture or the reason why there is none out. Started by `renderer.ts`. */
import { parentPort } from 'node:worker_threads';
import { backtestFigure } from './backtest-chart.ts';
import { chartCanvas } from './canvas.ts';
import { drawFigure } from './draw.ts';
import type { Figure } from './figure.ts';
import { priceFigure } from './price-chart.ts';
import type { ChartAnswer, ChartRequest } from './request.ts';

const port = parentPort;
if (port === null) throw new Error('charts/worker.ts runs in a worker thread only');

const canvas = chartCanvas();

port.on('message', (request: ChartRequest) => {
  const answer = answerTo(request);
  port.postMessage(answer, 'png' in answer ? [answer.png.buffer] : []);
});

function answerTo(request: ChartRequest): ChartAnswer {
  try {
    return { png: drawFigure(canvas, figureOf(request)) };
  } catch (thrown) {
    // With its stack: on the other side of the thread there is no other trace of where it happened.
    return { error: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) };
  }
}

function figureOf(request: ChartRequest): Figure {
  switch (request.kind) {
    case 'backtest':
      return backtestFigure(request.run, request.bars);
    case 'price':
      return priceFigure(request.bars);
    default:
      return request satisfies never;
  }
}
