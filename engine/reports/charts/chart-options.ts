/** What every chart tells chart.js, whatever it draws: where the plot is, and that nothing moves. */
import type { ChartOptions, Plugin } from 'chart.js';
import type { Area } from './plot-area.ts';
import { colors, size } from './theme.ts';

/** `plot` is where chart.js draws, axes included. */
export function chartOptions(plot: Area) {
  return {
    devicePixelRatio: 1,
    events: [],
    // Points are in order, finished and as few as they should be.
    parsing: false,
    normalized: true,
    layout: {
      autoPadding: false,
      padding: {
        left: plot.left,
        right: size.width - plot.right,
        top: plot.top,
        bottom: size.height - plot.bottom,
      },
    },
  } as const satisfies ChartOptions;
}

/** The first of a chart's plugins: a picture has no transparent parts, whose colour its viewer would choose. */
export const background: Plugin = {
  id: 'background',
  beforeDraw({ ctx }) {
    ctx.fillStyle = colors.background;
    ctx.fillRect(0, 0, size.width, size.height);
  },
};
