/** Diagonal lines where there is no value: told apart from every colour of a scale, and not taken for a low one. */
import type { Context } from './canvas.ts';
import type { Area } from './plot-area.ts';
import { colors } from './theme.ts';

const distance = 7;

/** The lines run on from one area to the next, so that many small ones look like one. */
export function hatch(context: Context, areas: readonly Area[]): void {
  if (areas.length === 0) return;
  const left = Math.min(...areas.map((area) => area.left));
  const right = Math.max(...areas.map((area) => area.right));
  const top = Math.min(...areas.map((area) => area.top));
  const bottom = Math.max(...areas.map((area) => area.bottom));
  context.save();
  context.beginPath();
  for (const area of areas) context.rect(area.left, area.top, area.right - area.left, area.bottom - area.top);
  context.fillStyle = colors.panel;
  context.fill();
  context.clip();
  context.beginPath();
  for (let x = left - (bottom - top); x < right; x += distance) {
    context.moveTo(x, bottom);
    context.lineTo(x + bottom - top, top);
  }
  context.strokeStyle = colors.hatch;
  context.lineWidth = 1.5;
  context.stroke();
  context.restore();
}
