/** Sends each symbol to the source that was named for it, and every other symbol to one that takes all. */
import { UserError } from '../../../errors.ts';
import { nearest } from '../../../nearest.ts';
import { type Bars, intervals } from '../../bars.ts';
import type { SourceSurroundings } from '../adapter.ts';
import { searchSymbols } from '../lookup.ts';
import type { Source, SymbolInfo } from '../source.ts';
import type { UnionSettings } from './settings.ts';

/** A symbol of the union at its source. */
interface Place {
  readonly source: Source;
  readonly symbol: string;
  /** Undefined where it is called as it is there. */
  readonly named: string | undefined;
}

export function unionSource(
  name: string,
  { symbols, otherwise, timezone }: UnionSettings,
  { source: sourceOf }: SourceSurroundings,
): Source {
  const named = new Map(
    Object.entries(symbols).map(([symbol, at]) => [symbol.toUpperCase(), { called: symbol, ...at }]),
  );

  function placeOf(wanted: string): Place {
    const found = named.get(wanted.toUpperCase());
    if (found) {
      const { source, symbol, called } = found;
      return { source: sourceOf(source), symbol: symbol ?? called, named: called };
    }
    if (otherwise !== undefined) return { source: sourceOf(otherwise), symbol: wanted, named: undefined };
    const near = nearest(wanted, Object.keys(symbols));
    const hint =
      near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : ` It has ${Object.keys(symbols).join(', ')}.`;
    throw new UserError(`Source ${name} has no symbol "${wanted}".${hint}`);
  }

  const members = () => {
    const names = [
      ...[...named.values()].map(({ source }) => source),
      ...(otherwise === undefined ? [] : [otherwise]),
    ];
    return [...new Set(names)].map((each) => sourceOf(each));
  };

  /** The symbols that were named, as their sources tell of them; one that a source does not find is known by its name only. */
  const listed = (): SymbolInfo[] =>
    Object.keys(symbols).map((symbol) => ({
      symbol,
      name: `${symbol} of ${placeOf(symbol).source.name}`,
      currency: '',
    }));

  return {
    name,
    get timezone() {
      return timezone ?? members().at(-1)?.timezone ?? 'UTC';
    },
    get remote() {
      const away = members().flatMap(({ remote }) => remote ?? []);
      const everywhere = intervals.filter((each) => away.every((member) => member.intervals.includes(each)));
      // It cannot list everything: what is named is known, and the rest is another source's.
      return { intervals: everywhere, listsSymbols: false };
    },
    async bars(request) {
      const places = request.symbols.map(placeOf);
      const found: Bars[] = [];
      // Those of one source are asked for together: it may know a faster way than one by one.
      for (const source of new Set(places.map((place) => place.source))) {
        const own = places.flatMap((place, index) => (place.source === source ? [{ ...place, index }] : []));
        const bars = await source.bars({ ...request, symbols: own.map(({ symbol }) => symbol) });
        for (const [nth, each] of bars.entries()) {
          const place = own[nth];
          if (place) found[place.index] = place.named === undefined ? each : { ...each, symbol: place.named };
        }
      }
      return found;
    },
    async symbols(query, limit) {
      const own = searchSymbols(listed(), query, limit);
      if (otherwise === undefined) return own;
      const others = await sourceOf(otherwise).symbols(query, limit);
      return [...own, ...others.filter(({ symbol }) => !named.has(symbol.toUpperCase()))].slice(0, limit);
    },
    async lastPrice(wanted) {
      const { source, symbol, named: asNamed } = placeOf(wanted);
      const price = await source.lastPrice(symbol);
      return asNamed === undefined ? price : { ...price, symbol: asNamed };
    },
    async market(wanted) {
      const { source, symbol } = placeOf(wanted);
      if (source.market) return source.market(symbol);
      await source.lastPrice(symbol); // whether there is such a symbol
      return { exchange: source.name, timezone: source.timezone, calendar: null };
    },
  };
}
