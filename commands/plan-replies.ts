/** How plans, their runs and their orders are shown. */
import type {
  PlannedMoment,
  PlanOrder,
  PlanReport,
  PlanRun,
  PlanRunReport,
  PlanSettings,
  PlanVersion,
} from '../engine/desk.ts';
import { csvFile } from '../engine/desk.ts';
import {
  bold,
  type CommandButton,
  type Content,
  type Field,
  type Reply,
  type RichText,
  rich,
} from './reply.ts';
import { backtestReply } from './run-reply.ts';
import type { Times } from './times.ts';

export function listReply(plans: readonly PlanReport[], times: Times): Reply {
  if (plans.length === 0) {
    return { text: ['There are no plans. /plan create makes one, and so does a file in the folder plans/.'] };
  }
  return {
    title: 'Plans',
    table: {
      columns: [
        { name: 'Plan' },
        { name: 'Strategy' },
        { name: 'Symbols' },
        { name: 'Book' },
        { name: times.head('Next run') },
        { name: times.head('Last run') },
      ],
      rows: plans.map(({ settings, lastRun, ...plan }) => [
        settings.name,
        settings.strategy,
        symbolsText(settings),
        settings.book,
        nextText({ settings, ...plan }, times),
        lastRun === undefined ? 'never' : `${times.cell(lastRun.startedAt)} ${lastRun.state}`,
      ]),
    },
    buttons: plans.slice(0, 5).map(({ settings: { name } }) => button(`Run ${name}`, 'run', name)),
  };
}

export function showReply(plan: PlanReport, moments: readonly PlannedMoment[], times: Times): Reply {
  const { settings, version, origin, enabled, stopped, rehearsed, tradeStart, waiting, lastRun } = plan;
  const { name } = settings;
  const isNew = origin === 'chat' && !rehearsed;
  return {
    title: `Plan ${name}, version ${version}, ${stopped === null ? (enabled ? 'enabled' : 'disabled') : 'stopped'}`,
    tone: stopped === null ? 'info' : 'warning',
    text: [
      ...(settings.description === '' ? [] : [`${settings.description}\n`]),
      ...(stopped === null ? [] : rich`⚠️ ${stopped}\n`),
      ...(isNew ? ['Its dry run has not passed yet: it can be enabled afterwards.\n'] : []),
      ...(waiting > 0
        ? rich`${bold(waiting === 1 ? '1 order waits' : `${waiting} orders wait`)} to be sent.\n`
        : []),
      ...momentsText(moments, times),
    ],
    fields: [
      ...settingFields(settings),
      { name: 'Trades since', value: tradeStart ?? 'its first run' },
      { name: 'From', value: origin === 'file' ? 'a file in plans/' : 'chat' },
      {
        name: 'Last run',
        value: lastRun === undefined ? 'never' : `${times.minute(lastRun.startedAt)} ${lastRun.state}`,
      },
    ],
    buttons: [
      button('Dry run', 'dryrun', name),
      isNew
        ? button('Settings', 'history', name)
        : enabled
          ? button('Disable', 'disable', name)
          : button('Enable', 'enable', name),
      button('Orders', 'orders', name),
      button('History', 'history', name),
      ...(waiting > 0 ? [button('Send what waits', 'send', name)] : []),
    ],
  };
}

/** What a plan would be, before it is made. */
export function draftContent(
  settings: PlanSettings,
  moments: readonly PlannedMoment[],
  times: Times,
): Content {
  return {
    title: `Make the plan ${settings.name}?`,
    fields: settingFields(settings),
    text: [...momentsText(moments, times), '\nIt is disabled until its dry run has passed.'],
  };
}

/** What changes. */
export function changeContent(before: PlanSettings, after: PlanSettings): Content {
  const [old, fresh] = [settingFields(before), settingFields(after)];
  const names = [...new Set([...old, ...fresh].map(({ name }) => name))];
  const value = (fields: readonly Field[], name: string) =>
    fields.find((field) => field.name === name)?.value ?? 'not set';
  const changed = names.filter((name) => value(old, name) !== value(fresh, name));
  return {
    title: `Change the plan ${after.name}?`,
    text: changed.length === 0 ? ['Nothing would be different.'] : [],
    fields: changed.map((name) => ({ name, value: `${value(old, name)} → ${value(fresh, name)}` })),
  };
}

export function createdReply(
  { settings: { name } }: PlanReport,
  moments: readonly PlannedMoment[],
  times: Times,
): Reply {
  return {
    tone: 'success',
    title: `Plan ${name} is made`,
    text: [...momentsText(moments, times), '\nIt is disabled until its dry run has passed.'],
    buttons: [button('Dry run', 'dryrun', name), button('Show', 'show', name)],
  };
}

export function setReply({ settings: { name }, version, enabled }: PlanReport): Reply {
  return {
    tone: 'success',
    text: rich`${bold(name)} is changed, to version ${version}. ${enabled ? 'It goes on.' : 'It is disabled: a dry run, and it can be enabled.'}`,
    buttons: enabled ? [] : [button('Dry run', 'dryrun', name)],
  };
}

export function runReply(report: PlanRunReport, times: Times): Reply {
  const base = backtestReply(report.backtest);
  const { plan, book, account, isDry, orders } = report;
  return {
    ...base,
    title: `${isDry ? 'Dry run of plan' : 'Plan'} ${plan}, book ${book}, ${account}`,
    text: [...ordersText(report), ...(base.text ?? [])],
    tone: orders.some(({ state }) => troubled.has(state)) ? 'warning' : 'success',
    ...(orders.length > 0 && { table: orderTable(orders, times) }),
    buttons: isDry
      ? [button('Enable', 'enable', plan), button('Log', 'log', plan)]
      : [
          ...(orders.some(({ state }) => state === 'waiting')
            ? [button('Send when ready', 'send', plan)]
            : []),
          button('Log', 'log', plan),
        ],
  };
}

export function ordersReply(plan: string, orders: readonly PlanOrder[], times: Times): Reply {
  if (orders.length === 0) return { text: [`The plan ${plan} has wanted no orders yet.`] };
  return {
    title: `Orders of plan ${plan}`,
    table: orderTable(orders, times),
    attachments: [ordersFile(plan, orders, times)],
  };
}

export function historyReply(
  plan: string,
  runs: readonly PlanRun[],
  versions: readonly PlanVersion[],
  times: Times,
): Reply {
  return {
    title: `History of plan ${plan}`,
    text: versions
      .slice(0, 10)
      .map(({ version, by, at }) => `Version ${version}, by ${by}, ${times.minute(at)}\n`),
    table: {
      columns: [
        { name: 'Run' },
        { name: times.head('Began') },
        { name: 'Kind' },
        { name: 'State' },
        { name: 'Version' },
        { name: 'Newest bar' },
      ],
      rows: runs.map(({ _id, startedAt, kind, state, version, newestBar }) => [
        _id,
        times.cell(startedAt),
        kind,
        state,
        String(version),
        newestBar?.slice(0, 10) ?? '',
      ]),
    },
    buttons: [button('Log of the newest', 'log', plan)],
  };
}

export function logReply(run: PlanRun, times: Times): Reply {
  const { _id, plan, state, reason, codeHash, inputHash, log, data, settings, startedAt, by } = run;
  const lines = log.map(({ at, text }) => `${at}  ${text}`);
  const short = (hash: string | null) => hash?.slice(0, 12) ?? 'none';
  return {
    title: `Run ${_id}: ${state}`,
    tone: state === 'failed' ? 'danger' : 'info',
    text: [...(reason === null ? [] : rich`${reason}\n`), ...data.map((text) => `${text}\n`)],
    fields: [
      { name: 'Began', value: `${times.minute(startedAt)}, by ${by}` },
      { name: 'Code', value: short(codeHash) },
      { name: 'Input', value: short(inputHash) },
      { name: 'Parameters', value: paramsText(settings) },
    ],
    attachments: [
      {
        name: `${plan}-log.txt`,
        type: 'text/plain',
        data: new TextEncoder().encode(`${lines.join('\n')}\n`),
      },
    ],
    buttons: [{ label: 'Its report', command: ['run', 'show'], options: { run: _id } }],
  };
}

export function previewReply({ name }: PlanSettings, moments: readonly PlannedMoment[], times: Times): Reply {
  return { title: `When plan ${name} runs`, text: momentsText(moments, times) };
}

export function sentReply(plan: string, left: readonly PlanOrder[], times: Times): Reply {
  if (left.length === 0) return { tone: 'success', text: [`Nothing of plan ${plan} waits any more.`] };
  return {
    tone: 'warning',
    text: [
      left.length === 1
        ? `1 order of plan ${plan} waits on. It goes out by itself when it may.`
        : `${left.length} orders of plan ${plan} wait on. They go out by themselves when they may.`,
    ],
    table: orderTable(left, times),
  };
}

const troubled = new Set<PlanOrder['state']>([
  'unknown',
  'rejected',
  'refused',
  'waiting',
  'would be refused',
]);

function ordersText({ orders, known, missed, tradeStart, notes, isDry }: PlanRunReport): RichText {
  const sent = isDry
    ? `${orders.length === 0 ? 'It would send no orders' : `Orders that it wants: ${orders.length}`}. Nothing was sent, and neither its orders nor its storage are kept.`
    : orders.length === 0
      ? 'No new orders.'
      : `New orders: ${orders.length}.`;
  const before =
    known === 0 ? '' : ` ${known} of the newest signals were sent before and are not sent again.`;
  const late =
    missed === 0
      ? ''
      : `\n⚠️ ${missed} earlier orders of this plan were never sent, because the desk did not run it in time. They are too old to send: the book differs from the backtest.`;
  const noted = notes.map((note) => `\n⚠️ ${note}`).join('');
  return rich`${bold(sent)}${before}${late}${noted}${checksText(orders)}\nIt trades for the book since ${tradeStart}. Below: what it would have done over all its history.\n`;
}

/** The checks that said something else than ok. */
function checksText(orders: readonly PlanOrder[]): string {
  return orders
    .flatMap(({ side, quantity, symbol, checks }) => {
      const found = checks.filter(({ result }) => result !== 'ok');
      if (found.length === 0) return [];
      const said = found.map(({ name, result, text }) => `${marks[result]} ${name}: ${text}`).join('\n  ');
      return [`\n${side} ${quantity} ${symbol}\n  ${said}`];
    })
    .join('');
}

const marks = { ok: '✅', note: 'ℹ️', wait: '⏳', no: '⛔' } as const;

/** Signals by the reader's clock; those of daily bars by their day, which is the same on every clock. */
function orderTable(orders: readonly PlanOrder[], times: Times): NonNullable<Content['table']> {
  const isIntraday = orders.some(({ signalAt }) => dayOfBar(signalAt) === undefined);
  return {
    columns: [
      { name: 'Side' },
      { name: 'Quantity', align: 'right' },
      { name: 'Symbol' },
      { name: 'Kind' },
      { name: 'State' },
      { name: 'Price', align: 'right' },
      { name: isIntraday ? times.head('Signal') : 'Signal' },
      { name: 'Why' },
    ],
    rows: orders.map(({ side, quantity, symbol, state, averagePrice, reason, signalAt, ...order }) => [
      side,
      quantity,
      symbol,
      termsText(order),
      state,
      averagePrice ?? '',
      dayOfBar(signalAt) ?? times.cell(signalAt),
      reason ?? '',
    ]),
  };
}

function ordersFile(plan: string, orders: readonly PlanOrder[], times: Times) {
  const { columns, rows } = orderTable(orders, times);
  return csvFile(
    [plan, 'orders'],
    columns.map(({ name }) => name),
    rows,
  );
}

function termsText({
  terms,
  stopLoss,
  takeProfit,
}: Pick<PlanOrder, 'terms' | 'stopLoss' | 'takeProfit'>): string {
  return [
    terms.type.replace('_', ' '),
    ...('limitPrice' in terms ? [`limit ${terms.limitPrice}`] : []),
    ...('stopPrice' in terms ? [`stop ${terms.stopPrice}`] : []),
    ...(stopLoss === null ? [] : [`SL ${stopLoss}`]),
    ...(takeProfit === null ? [] : [`TP ${takeProfit}`]),
  ].join(' ');
}

function settingFields(settings: PlanSettings): readonly Field[] {
  const { strategy, source, interval, backtestStart, book, calendar, entry, mode, schedule, limits } =
    settings;
  const { commission, cash, holding, graceSeconds, barsWithinSeconds, stopAfterFailures } = settings;
  const simulated = Object.entries(settings.simulation).map(([name, value]) => `${name}=${value}`);
  const held = Object.entries(holding).map(([symbol, units]) => `${units} ${symbol}`);
  const most = [limits.notional && `worth ${limits.notional}`, limits.shares && `${limits.shares} units`];
  return [
    { name: 'Strategy', value: strategy },
    { name: 'Parameters', value: paramsText(settings) },
    { name: 'Symbols', value: settings.symbols.join(', ') },
    { name: 'Source', value: `${source}, ${interval} bars from ${backtestStart}` },
    { name: 'Book', value: book },
    { name: 'Market', value: calendar ?? 'every day' },
    {
      name: 'Runs',
      value: schedule ? `${schedule.times}${schedule.timezone ? ` ${schedule.timezone}` : ''}` : 'by hand',
    },
    { name: 'Orders trade', value: entry },
    { name: 'Mode', value: mode },
    {
      name: 'Commission',
      value: typeof commission === 'number' ? String(commission) : commission.join(' + '),
    },
    ...(cash === undefined ? [] : [{ name: 'Cash', value: String(cash) }]),
    ...(held.length === 0 ? [] : [{ name: 'Holding', value: held.join(', ') }]),
    ...(most.some(Boolean) ? [{ name: 'Largest order', value: most.filter(Boolean).join(', ') }] : []),
    {
      name: 'Patience',
      value: `${graceSeconds} s after a missed time, ${barsWithinSeconds} s for bars, ${stopAfterFailures} failures`,
    },
    ...(simulated.length === 0 ? [] : [{ name: 'Simulation', value: simulated.join(' ') }]),
    ...(settings.description === '' ? [] : [{ name: 'Description', value: settings.description }]),
  ];
}

/** Each by the clock of its market, and by the reader's. */
function momentsText(moments: readonly PlannedMoment[], times: Times): RichText {
  if (moments.length === 0) return ['It runs by hand only.'];
  const provisional = moments.find(({ isProvisional }) => isProvisional);
  return [
    'Next runs:',
    ...moments.map(({ session, time, at, isProvisional }) => {
      const moment = at.getUTCSeconds() === 0 ? times.minute(at) : times.second(at);
      return `\n${session} ${time}: ${moment}${isProvisional ? ' (provisional)' : ''}`;
    }),
    ...(provisional
      ? [
          `\n⚠️ The market had not announced its holidays of ${provisional.session.slice(0, 4)} when this version was made: provisional days are by the habits so far.`,
        ]
      : []),
  ];
}

function nextText(
  {
    settings,
    enabled,
    stopped,
    nextRunAt,
  }: Pick<PlanReport, 'settings' | 'enabled' | 'stopped' | 'nextRunAt'>,
  times: Times,
): string {
  if (stopped !== null) return 'stopped';
  if (!enabled) return 'disabled';
  if (nextRunAt !== null) return times.cell(nextRunAt);
  return settings.schedule ? 'none' : 'by hand';
}

function symbolsText({ symbols }: PlanSettings): string {
  return symbols.length <= 3 ? symbols.join(', ') : `${symbols.length} symbols`;
}

function paramsText({ params }: PlanSettings): string {
  const pairs = Object.entries(params).map(([name, value]) => `${name}=${value}`);
  return pairs.length > 0 ? pairs.join(' ') : "the strategy's own";
}

function button(label: string, word: string, plan: string): CommandButton {
  return { label, command: ['plan', word], options: { plan } };
}

/** `2020-01-31` of a daily bar, which is stamped with midnight UTC; undefined of a shorter one. */
function dayOfBar(signalAt: string): string | undefined {
  return signalAt.endsWith('T00:00:00.000Z') ? signalAt.slice(0, 10) : undefined;
}
