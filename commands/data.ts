import type { ComparedSources, DataInspection, IntakePreview, SourceReport } from '../engine/desk.ts';
import { chartAction } from './chart.ts';
import { action, type CommandContext, defineCommand, type StringOption } from './command.ts';
import { daysOf } from './days.ts';
import { bold, type Content, type Reply, type RichText, rich } from './reply.ts';
import { suggestSymbols } from './symbols.ts';
import { tradingOptions } from './trading-options.ts';
import type { UploadedFile } from './uploaded-file.ts';

const symbolOption = {
  type: 'string',
  description: 'Symbol',
  required: true,
  example: 'SP500',
  suggest: suggestSymbols,
} as const satisfies StringOption;

const sourceOption = (description: string) =>
  ({ type: 'string', description, suggest: ({ desk }) => desk.sourceNames }) as const satisfies StringOption;

export const data = defineCommand({
  name: 'data',
  description: 'Where bars come from, whether they are sound, and new ones',
  group: 'Data',
  body: {
    subcommands: {
      list: action({
        description: 'The sources of bars, and what they have',
        role: 'viewer',
        options: {},
        example: '/data list',
        run: async ({ desk }) => listReply(await desk.data.sources()),
      }),
      inspect: action({
        description: 'The bars of a symbol: first and last, gaps, odd prices, missing volume',
        role: 'viewer',
        example: '/data inspect SP500',
        options: {
          symbol: symbolOption,
          source: sourceOption('Source; without it the first that knows the symbol'),
          interval: tradingOptions.interval,
        },
        run: async ({ desk }, { symbol, source, interval }) =>
          inspectionReply(
            await desk.data.inspect({
              symbol,
              ...(source !== undefined && { source }),
              ...(interval && { interval }),
            }),
          ),
      }),
      compare: action({
        description:
          'A symbol at two sources: bars that one lacks, differences in each column, the worst bars',
        role: 'viewer',
        example: '/data compare SP500 demo csv',
        options: {
          symbol: symbolOption,
          one: { ...sourceOption('A source'), required: true },
          other: { ...sourceOption('Another source'), required: true },
          interval: tradingOptions.interval,
        },
        run: async ({ desk }, { symbol, one, other, interval }) =>
          comparisonReply(await desk.data.compare({ symbol, one, other, ...(interval && { interval }) })),
      }),
      import: action({
        description: 'Take a CSV file of bars into a source',
        role: 'trader',
        acts: true,
        example: '/data import source=csv',
        options: {
          file: {
            type: 'file',
            description: 'Bars as CSV: date, open, high, low, close and, if there is, volume',
            required: true,
            example: 'AAPL.csv',
            endings: ['.csv', '.txt'],
            maxKb: 10_240,
          },
          source: {
            type: 'string',
            description: 'Source that takes files; without it the only one',
            suggest: ({ desk }) => desk.data.importable(),
          },
          symbol: {
            type: 'string',
            description: 'Symbol; without it the name of the file',
            example: 'AAPL',
          },
        },
        confirm: async (context, chosen) => importQuestion(context, chosen),
        run: async ({ desk }, chosen) => {
          const taken = await desk.data.import(importSource(desk, chosen.source), barsFile(chosen));
          return {
            tone: 'success',
            title: `${taken.fileName} is taken in`,
            text: [symbolsText(taken.symbols)],
            buttons: taken.symbols.slice(0, 1).flatMap(({ symbol, interval }) => [
              { label: 'Chart', command: ['chart'], options: { symbols: symbol, interval } },
              { label: 'Inspect', command: ['data', 'inspect'], options: { symbol, interval } },
            ]),
          };
        },
      }),
      forget: action({
        description: 'Drop the bars that are kept of a source, so that they are fetched anew',
        role: 'trader',
        acts: true,
        example: '/data forget yahoo AAPL',
        options: {
          source: {
            type: 'string',
            description: 'Source that keeps its bars',
            required: true,
            suggest: ({ desk }) => desk.data.keeping(),
          },
          symbol: { ...symbolOption, description: 'Symbol; without it all of them', required: false },
        },
        confirm: async (_, { source, symbol }) => ({
          title: `Forget what is kept of ${symbol ?? 'all symbols'} at ${source}?`,
          text: [
            'The bars are fetched again when they are next asked for. What the source no longer has is lost.',
          ],
        }),
        run: async ({ desk }, { source, symbol }) => {
          const count = await desk.data.forget(source, symbol);
          return {
            tone: 'success',
            text: [`${count} series of ${source} ${count === 1 ? 'is' : 'are'} forgotten.`],
          };
        },
      }),
      chart: chartAction,
    },
  },
});

function listReply(sources: readonly SourceReport[]): Reply {
  if (sources.length === 0)
    return { text: ['There is no source of bars. Add one under sources in desk.yaml.'] };
  return {
    title: 'Sources of bars',
    text: sources.flatMap(({ name, timezone, symbols, more, some, takesFiles, kept, problem }): RichText => {
      const examples = some.length > 0 ? `, such as ${some.join(', ')}` : '';
      const count =
        symbols === null
          ? 'Over the network; cannot list its symbols. /data inspect SYMBOL tries one.'
          : `${more ? `${symbols} or more symbols` : counted(symbols, 'symbol')}${examples}`;
      const state = problem === '' ? count : `⚠️ ${problem}`;
      const library = kept
        ? `Kept here: ${kept.series} series, ${kept.bars.toLocaleString('en-US')} bars, ${sizeText(kept.bytes)}\n`
        : '';
      return rich`${bold(name)}  ${timezone}${takesFiles ? ', takes files' : ''}\n${state}\n${library}`;
    }),
  };
}

function sizeText(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** Of each kind of oddity so many are named; the others are counted. */
const mostNamed = 5;

function inspectionReply({ symbol, source, interval, inspection, counts, market }: DataInspection): Reply {
  const { bars, first, last, gaps, singleDays, zeroVolumes, outside, jumps, longestFlat } = inspection;
  const missing = gaps.reduce((sum, gap) => sum + gap.missing, 0);
  const findings: RichText[] = [
    named(
      gaps.length === 0 ? 'No gaps' : `${counted(gaps.length, 'gap')}, ${counted(missing, 'bar')} in all`,
      gaps.map((gap) => `${gap.missing} after ${daysOf(gap.after)}`),
    ),
    ...(interval === '1d'
      ? [
          named(
            `${counted(singleDays, 'single day')} without a bar`,
            [],
            singleDays > 0 ? 'holidays look like that' : '',
          ),
        ]
      : []),
    named(
      outside.length === 0
        ? 'Every open and close lies within its high and low'
        : `${counted(outside.length, 'bar')} with an open or close outside of high and low`,
      outside.map(daysOf),
    ),
    named(
      jumps.length === 0
        ? 'No move of more than ten usual ones'
        : `${counted(jumps.length, 'move')} of more than ten usual ones`,
      jumps.map(({ time, percent }) => `${percentText(percent)} on ${daysOf(time)}`),
    ),
    named(
      zeroVolumes === null
        ? 'No volume at all'
        : zeroVolumes === 0
          ? 'Volume on every bar'
          : `${counted(zeroVolumes, 'bar')} with a volume of zero`,
      [],
    ),
    ...(longestFlat > 4 ? [named(`The same close ${longestFlat} times in a row`, [])] : []),
  ];
  const sound = gaps.length === 0 && outside.length === 0 && jumps.length === 0 && longestFlat <= 4;
  return {
    title: `${symbol} at ${source}, ${interval}`,
    tone: sound ? 'success' : 'warning',
    fields: [
      { name: 'Bars', value: String(bars) },
      { name: 'First', value: daysOf(first) },
      { name: 'Last', value: daysOf(last) },
      {
        name: 'Intervals',
        value: counts.map((each) => `${each.interval} ${each.bars ?? ''}`.trim()).join(', '),
      },
      ...(market ? [{ name: 'Market', value: marketText(market) }] : []),
    ],
    text: findings.flatMap((finding, index) => (index === 0 ? finding : ['\n', ...finding])),
    buttons: [{ label: 'Chart', command: ['chart'], options: { symbols: symbol, source, interval } }],
  };
}

function marketText({ exchange, timezone, calendar }: NonNullable<DataInspection['market']>): string {
  return `${exchange}, ${timezone}${calendar === null ? '' : `, calendar ${calendar}`}`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** A finding, what it is about, and how many more there are. */
function named(finding: string, items: readonly string[], hint = ''): RichText {
  const shown = items.slice(0, mostNamed).join(', ');
  const more = items.length > mostNamed ? ` and ${items.length - mostNamed} more` : '';
  const tail = shown === '' ? hint : `${shown}${more}`;
  return rich`${bold(finding)}${tail === '' ? '' : `: ${tail}`}.`;
}

function comparisonReply({ symbol, interval, sources, periods, comparison, file }: ComparedSources): Reply {
  const [one, other] = sources;
  const { overlap, common, onlyOne, onlyOther, columns, differences } = comparison;
  const title = `${symbol}, ${interval}: ${one} and ${other}`;
  const reach = periods.map(
    ({ bars, first, last }, index) =>
      `${sources[index]}: ${bars} bars, ${daysOf(first)} to ${daysOf(last)}\n`,
  );
  if (overlap === null) {
    return { title, tone: 'warning', text: [...reach, 'They have no day in common.'] };
  }
  const same = onlyOne.length === 0 && onlyOther.length === 0 && differences.length === 0;
  const lacking = (source: string, days: readonly number[]) =>
    named(
      days.length === 0 ? `${source} lacks none` : `${source} lacks ${days.length}`,
      days.map((day) => daysOf(day)),
    );
  const findings = [
    named(`${common} bars in common`, [], `${daysOf(overlap.from)} to ${daysOf(overlap.to)}`),
    lacking(one, onlyOther),
    lacking(other, onlyOne),
    ...columns.map(columnText),
    ...(differences.length > 0 ? [worstText(differences)] : []),
  ];
  return {
    title,
    tone: same ? 'success' : 'warning',
    text: [...reach, ...findings.flatMap((finding, index) => (index === 0 ? finding : ['\n', ...finding]))],
    ...(differences.length > 0 && { table: worstTable(sources, differences) }),
    ...(file && { attachments: [file] }),
  };
}

type Comparison = ComparedSources['comparison'];

function columnText({
  column,
  compared,
  differing,
  meanPercent,
  largestPercent,
  largestAt,
}: Comparison['columns'][number]): RichText {
  const word = `${column}${differing === 1 ? ' differs' : 's differ'}`;
  if (compared === 0) return named(`No ${column} to compare`, []);
  if (differing === 0 || largestAt === null) return named(`All ${column}s are the same`, []);
  return named(
    `${differing} ${word}`,
    [],
    `on average by ${meanPercent.toFixed(4)}% over ${compared} bars, most by ${percentText(largestPercent)} on ${daysOf(largestAt)}`,
  );
}

/** The worst bars are shown, each with the price in it that differs most; the file has all. */
const mostShown = 10;

function worstText(differences: Comparison['differences']): RichText {
  const count = Math.min(mostShown, differences.length);
  return rich`The worst ${count} of ${differences.length} bars, each by the price that differs most:`;
}

function worstTable([one, other]: readonly [string, string], differences: Comparison['differences']) {
  return {
    columns: [
      { name: 'Bar' },
      { name: 'Price' },
      { name: one, align: 'right' as const },
      { name: other, align: 'right' as const },
      { name: '%', align: 'right' as const },
    ],
    rows: differences.slice(0, mostShown).map((bar) => {
      const worst =
        comparedPrices.find((price) => Math.abs(bar.percent[price]) === bar.worstPrice) ?? 'close';
      const column = bar.worstPrice === 0 ? 'volume' : worst;
      return [
        daysOf(bar.time),
        column,
        String(bar.one[column]),
        String(bar.other[column]),
        percentText(bar.percent[column]),
      ];
    }),
  };
}

const comparedPrices = ['close', 'open', 'high', 'low'] as const;

interface ImportChoice {
  readonly file: UploadedFile;
  readonly source?: string;
  readonly symbol?: string;
}

async function importQuestion({ desk }: CommandContext, chosen: ImportChoice): Promise<Content> {
  const source = importSource(desk, chosen.source);
  const preview = await desk.data.previewImport(source, barsFile(chosen));
  return {
    title: `Take ${preview.fileName} into ${source}?`,
    text: [
      symbolsText(preview.symbols),
      preview.replaces.length > 0
        ? `\nIt replaces what is there: ${symbolsText(preview.replaces)}`
        : '\nIt is new there.',
      ...preview.warnings.map((warning) => `\n⚠️ ${warning}`),
    ],
  };
}

/** The only one that takes files, where none is named; else the desk says what is wrong. */
function importSource({ data, sourceNames }: CommandContext['desk'], named?: string): string {
  if (named !== undefined) return named;
  const [only, another] = data.importable();
  return (another === undefined ? only : undefined) ?? sourceNames[0] ?? '';
}

function barsFile({ file, symbol }: ImportChoice) {
  return { name: symbol === undefined ? file.name : `${symbol}.csv`, text: file.text };
}

function symbolsText(symbols: IntakePreview['symbols']): string {
  const shown = symbols
    .slice(0, mostNamed)
    .map(
      ({ symbol, interval, bars, first, last }) =>
        `${symbol}, ${bars} bars of ${interval}, ${daysOf(first)} to ${daysOf(last)}`,
    );
  const more =
    symbols.length > mostNamed ? `; and ${counted(symbols.length - mostNamed, 'more symbol')}` : '';
  return `${shown.join('; ')}${more}.`;
}

function percentText(percent: number): string {
  return `${percent > 0 ? '+' : ''}${percent.toFixed(2)}%`;
}
