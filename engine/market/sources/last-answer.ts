/** Remembers when a source has answered last, for those who ask whether it still does. */
import type { Clock } from '../../clock.ts';
import type { Source } from './source.ts';

/** The same source. What it refuses is no answer: it may not have been reached. */
export function withLastAnswer(source: Source, clock: Clock): Source {
  let answeredAt: Date | undefined;
  const noted = async <T>(answer: Promise<T>): Promise<T> => {
    const got = await answer;
    answeredAt = clock.now();
    return got;
  };
  return {
    ...source,
    bars: (request) => noted(source.bars(request)),
    symbols: (query, limit) => source.symbols(query, limit),
    lastPrice: (symbol) => noted(source.lastPrice(symbol)),
    lastAnswer: () => answeredAt,
  };
}
