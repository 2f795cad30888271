/**
 * chartjs-node-canvas on @napi-rs/canvas, with fonts of our own. Only the worker thread may import this.
 *
 * chartjs-node-canvas would load a CommonJS copy of chart.js beside the one that is imported here; overriding
 * `initialize` makes it one copy, with only the parts that are used. Of @napi-rs/canvas only the synchronous calls
 * work in this pairing (`renderToBufferSync`), which is right for a thread that does nothing else.
 */
import { createRequire } from 'node:module';
import { createCanvas, GlobalFonts, type SKRSContext2D } from 'canvas';
import {
  Chart,
  type ChartConfiguration,
  Filler,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  PointElement,
} from 'chart.js';
import { MatrixController, MatrixElement } from 'chartjs-chart-matrix';
import { ChartJSNodeCanvas } from 'chartjs-node-canvas';
import { size } from './theme.ts';

export type Context = SKRSContext2D;

export interface Canvas {
  /** The chart as PNG. */
  render(configuration: ChartConfiguration<'line'> | ChartConfiguration<'matrix'>): Uint8Array<ArrayBuffer>;
  /** For measuring words before there is a picture. */
  readonly measure: Context;
}

export function chartCanvas(): Canvas {
  registerFonts();
  const canvas = new ImportedChartCanvas(size);
  return {
    measure: createCanvas(1, 1).getContext('2d'),
    render: (configuration) => new Uint8Array(canvas.renderToBufferSync(configuration as ChartConfiguration)),
  };
}

class ImportedChartCanvas extends ChartJSNodeCanvas {
  protected override initialize(): typeof Chart {
    Chart.register(
      Filler,
      LinearScale,
      LogarithmicScale,
      LineController,
      LineElement,
      MatrixController,
      MatrixElement,
      PointElement,
    );
    return Chart;
  }
}

const require = createRequire(import.meta.url);

/** Names of our own, so that a system font of the same name cannot change a picture. */
const fontFiles = [
  ['Outcry Sans', require.resolve('@fontsource/inter/files/inter-latin-400-normal.woff2')],
  ['Outcry Sans', require.resolve('@fontsource/inter/files/inter-latin-600-normal.woff2')],
  ['Outcry Symbols', require.resolve('@fontsource/dejavu-sans/files/dejavu-sans-latin-400-normal.woff2')],
  ['Outcry Symbols', require.resolve('@fontsource/dejavu-sans/files/dejavu-sans-latin-700-normal.woff2')],
] as const;

/** Without a font, text is drawn as nothing and no error says so; hence a failed registration is one. */
function registerFonts(): void {
  for (const [family, file] of fontFiles) {
    if (GlobalFonts.registerFromPath(file, family) === null) {
      throw new Error(`the font ${file} could not be loaded: run "npm ci" again`);
    }
  }
}
