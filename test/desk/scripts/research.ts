/** Strategies, backtests and what became of them, plans, and the bars under all of that. */
import { expect } from 'vitest';
import { confirm, fileText, pick, script } from './script.ts';

export const backtests = [
  script(
    'backtest, run list, run show, run compare',
    'runs are kept, shown again and compared',
    async ({ vera }) => {
      const first = await vera.types('/backtest sma_cross SP500 from=2015-01-01', {
        shows: ['SmaCross  SP500', /Saved as run-/],
        fields: { 'Sharpe Ratio': /-?\d/ },
        files: ['SmaCross-SP500.png', 'trades.csv', 'orders.csv', 'equity.csv'],
      });
      expect(fileText(first, 'trades.csv').split('\r\n').length).toBeGreaterThan(10);
      const second = await vera.types('/backtest sma_cross SP500 from=2015-01-01 fast=20 slow=50', {
        shows: ['SmaCross  SP500  fast=20  slow=50', /Saved as run-/],
      });
      const [one, other] = [first, second].map((run) => pick(run, /Saved as (run-[0-9a-f]+)/));
      await vera.types('/run list strategy=sma_cross limit=2', { shows: [`${one}`, `${other}`, 'Sharpe'] });
      await vera.types(`/run show ${one}`, {
        shows: ['sma_cross on SP500', '1d bars from demo, 2015-01-01 to the newest'],
        files: ['SmaCross-SP500.png', 'trades.csv', 'orders.csv', 'equity.csv'],
      });
      await vera.types(`/run compare ${one} ${other}`, {
        shows: ['Sharpe Ratio'],
        files: ['comparison.png'],
      });
      await vera.types('/run list kind=walk-forward', { shows: ['There is no such run yet.'] });
    },
  ),
  script('backtest', 'says in one line what is wrong', async ({ vera }) => {
    await vera.types('/backtest sma_cross SP500 fsat=3', {
      shows: ['SmaCross has no parameter "fsat". Did you mean fast?'],
      tone: 'danger',
    });
  }),
  script('optimize', 'answers with the best parameters, a heat map and all runs', async ({ vera }) => {
    const answer = await vera.types(
      '/optimize sma_cross SP500 fast=5,10 slow=20,40 maximize=returnPct from=2018-01-01',
      {
        shows: [/Optimum of SmaCross/, 'the best of 4 runs'],
        files: ['returnPct.png', 'SP500.png', 'optimization.csv'],
      },
    );
    expect(fileText(answer, 'optimization.csv').trim().split(/\r?\n/)).toHaveLength(5);
  }),
  script('walkforward', 'tests on what followed each training', async ({ vera }) => {
    await vera.types('/walkforward sma_cross SP500 fast=5,10 slow=20 train=2y test=2y from=2014-01-01', {
      shows: ['Walk-forward of sma_cross  SP500', 'Efficiency'],
      files: ['walk-forward.png', 'walk-forward.csv'],
    });
  }),
  script('report runs', 'is a CSV of all of them', async ({ vera }) => {
    const report = await vera.types('/report runs', { files: ['runs.csv'] });
    expect(fileText(report, 'runs.csv')).toMatch(/walk-forward[\s\S]*optimization[\s\S]*backtest/);
  }),
] as const;

const above = (period: number) => `
import { Strategy, sma } from 'outcry';
/** Buys above its average. */
export default class Above extends Strategy {
  static params = { period: ${period} };
  init() { this.average = this.indicator(sma, this.data.close, this.params.period); }
  next() {
    if (this.data.close.last > this.average.last) { if (!this.position.isOpen) this.buy(); }
    else this.position.close();
  }
}
`;

export const strategies = [
  script('strategy list', 'shows each with its parameters', async ({ vera }) => {
    await vera.types('/strategy list', { shows: ['sma_cross', 'fast=10 slow=20', 'momentum_rotation'] });
  }),
  script('strategy add, strategy show', 'a file becomes a strategy, with versions', async ({ ann, vera }) => {
    const file = { name: 'above.js', data: above(20) };
    await ann.types(
      '/strategy add',
      {
        shows: ['Add above?', 'Above  period=20', 'Buys above its average.'],
        buttons: confirm,
      },
      file,
    );
    await ann.presses('Confirm', { shows: ['above is added, version 1', 'No look-ahead found'] });
    await ann.types('/strategy add', { shows: ['Replace above, version 1?'] }, { ...file, data: above(50) });
    await ann.presses('Confirm', { shows: ['above is added, version 2'] });
    await vera.types('/strategy show above', { shows: ['Above  period=50'], files: ['above.js'] });
  }),
  script('strategy download', 'gives the code back, of earlier versions too', async ({ vera }) => {
    const first = await vera.types('/strategy download above 1', { files: ['above.js'] });
    expect(fileText(first, 'above.js')).toBe(above(20));
  }),
  script('strategy check', 'finds no look-ahead in an honest one', async ({ vera }) => {
    await vera.types('/strategy check sma_cross SP500 from=2019-06-01', {
      shows: ['No look-ahead found.', '21 bars of history'],
      tone: 'success',
    });
  }),
  script('strategy delete', 'needs its name twice', async ({ ann, vera }) => {
    await ann.types('/strategy delete above bellow', { shows: ['Nothing was deleted'], tone: 'danger' });
    await ann.types('/strategy delete above above', { shows: ['above is deleted.'] });
    await vera.types('/strategy list', { lacks: ['Above'], shows: ['sma_cross'] });
  }),
] as const;

export const plans = [
  script(
    'plan list, plan run',
    'is run from its button, and sends its orders once',
    async ({ tom, vera }) => {
      await vera.types('/plan list', { shows: ['momentum_rotation', 'rotation'], buttons: ['Run demo'] });
      await tom.types('/plan run demo', {
        shows: ['Run the plan demo now for rotation, PAPER?', 'Its new orders are sent at once'],
        fields: { 'Orders that wait': 'none', 'Runs by itself': /\d{4}-\d\d-\d\d \d\d:\d\d UTC/ },
        buttons: confirm,
        tone: 'warning',
      });
      await tom.presses('Cancel', { shows: ['was not done'] });
      await vera.types('/plan history demo', { lacks: ['hand'] });
      await tom.types('/plan run demo', { shows: ['Run the plan demo now'] });
      await tom.presses('Confirm', {
        shows: [/Plan demo, book rotation, paper/i, 'New orders: 3.', 'filled'],
        tone: 'success',
      });
      await vera.types('/positions rotation', { shows: ['long · rotation, PAPER'] });
      await tom.types('/plan list', { buttons: ['Run demo'] });
      await tom.presses('Run demo', { shows: ['Run the plan demo now'], buttons: confirm });
      await tom.presses('Confirm', { shows: ['No new orders. 3 of the newest signals were sent before'] });
    },
  ),
  script(
    'plan show, plan preview, plan orders, plan history, plan log, plan divergence, plan performance, plan send',
    'shows what it is, when it runs, what it wanted, and what happened',
    async ({ tom, vera }) => {
      await vera.types('/plan show demo', {
        shows: ['Plan demo, version 1, enabled'],
        fields: { Strategy: 'momentum_rotation', Book: 'rotation', Mode: 'strict' },
        buttons: ['Dry run', 'Disable', 'Orders', 'History'],
      });
      await vera.types('/plan preview demo 3', { shows: ['When plan demo runs', '16:30'] });
      await vera.types('/plan orders demo', { shows: ['Orders of plan demo', 'filled'], files: ['.csv'] });
      await vera.types('/plan history demo', { shows: ['History of plan demo', 'hand', 'done'] });
      await vera.types('/plan log demo', { shows: ['done'], files: ['-log.txt'], buttons: ['Its report'] });
      await vera.types('/plan divergence demo', {
        shows: ['Divergence of plan demo, book rotation, PAPER', 'Book less backtest', 'not simulated'],
        files: ['demo-divergence.png', 'demo-divergence.csv'],
        buttons: ['Orders', 'Performance'],
      });
      await vera.types('/plan performance demo', { shows: ['No trade was closed then'] });
      await tom.types('/plan send demo', {
        shows: ['No order of the plan "demo" waits.'],
        tone: 'danger',
      });
    },
  ),
  script(
    'plan set, plan disable, plan enable',
    'a plan of a file is changed over its file, and its times may go by',
    async ({ tom }) => {
      await tom.types('/plan set demo grace=600', {
        shows: ['Change the plan demo?', '600 s'],
        buttons: confirm,
      });
      await tom.presses('Confirm', { shows: ['demo is changed.'], tone: 'success' });
      await tom.types('/plan set demo grace=600', { shows: ['demo" is like that already'], tone: 'danger' });
      // Neither goes without the other.
      await tom.types('/plan set demo times=open+5min', { shows: ['name a calendar'], tone: 'danger' });
      await tom.types('/plan set demo times=open+5min calendar=XNYS', {
        shows: ['every day → XNYS', 'open+5min'],
        buttons: confirm,
      });
      await tom.presses('Confirm', { shows: ['demo is changed.'], tone: 'success' });
      await tom.types('/plan preview demo', { shows: ['open+5min'] });
      await tom.types('/plan set demo without=calendar', {
        shows: ['/config reset plans/demo'],
        tone: 'danger',
      });
      await tom.types('/plan disable demo', { shows: ['demo is disabled.'] });
      await tom.types('/plan enable demo', { shows: ['Enable the plan demo?', 'PAPER'], buttons: confirm });
      await tom.presses('Confirm', { shows: ['Plan demo is enabled', 'Next runs:'] });
    },
  ),
  script(
    'plan create, plan dryrun, plan delete',
    'is made for a book of its own, tried before it is enabled, and deleted by its name',
    async ({ ann, tom, vera }) => {
      await ann.types('/book create spare paper USD 5000 handler=none', {
        shows: ['spare'],
        buttons: confirm,
        forMeAlone: true,
      });
      await ann.presses('Confirm', { shows: ['spare'], forMeAlone: true });
      const create = '/plan create daily sma_cross SP500 demo spare 2018-01-01 times=16:30';
      await tom.types(create, { shows: ['without a calendar it is needed'] });
      await tom.types(`${create} calendar=XNYS fats=3`, {
        shows: ['SmaCross has no parameter "fats". Did you mean fast?'],
        tone: 'danger',
      });
      await tom.types(`${create} calendar=XNYS fast=soon`, { shows: ['is a number'], tone: 'danger' });
      await tom.types(`${create} calendar=XNYS simulation=fraction=1`, {
        shows: ['"fraction=1" is nothing that a simulated broker is asked', 'fractional'],
        tone: 'danger',
      });
      await tom.types(`${create} calendar=XNYS fast=5 simulation="fractional=0.001 fail_fast=yes"`, {
        shows: ['Make the plan daily?', 'Next runs:', 'fast=5', 'fractional=0.001 failFast=true'],
        buttons: confirm,
      });
      await tom.presses('Confirm', { shows: ['Plan daily is made'], buttons: ['Dry run', 'Show'] });
      await tom.types(create, { shows: ['There is a plan "daily" already'], tone: 'danger' });
      await tom.types('/plan set daily slwo=30', { shows: ['Did you mean slow?'], tone: 'danger' });
      await tom.types('/plan set daily without=fast,simulation', {
        shows: ["fast=5 → the strategy's own", 'fractional=0.001 failFast=true → not set'],
        buttons: confirm,
      });
      await tom.presses('Confirm', { shows: ['daily is changed, to version 2'] });
      await tom.types('/plan set daily without=fast', { shows: ['"fast" cannot be taken away'] });
      await tom.types('/plan enable daily', { buttons: confirm });
      await tom.presses('Confirm', { shows: ['has not passed yet'], tone: 'danger' });
      await tom.types('/plan dryrun daily', { shows: ['Dry run of plan daily', 'Nothing was sent'] });
      await tom.types('/plan delete daily dayly', { shows: ['Nothing was deleted'], tone: 'danger' });
      await tom.types('/plan delete daily daily', { shows: ['daily is deleted.'] });
      await vera.types('/plan list', { shows: ['demo'], lacks: ['daily'] });
      await ann.types('/book withdraw spare 5000', { shows: ['Withdraw 5,000 USD from spare?'] });
      await ann.presses('Confirm', { shows: ['Withdrew 5,000 USD from spare'] });
      await ann.types('/book delete spare spare', { shows: ['Delete the book spare?'], buttons: confirm });
      await ann.presses('Confirm', { shows: ['spare is deleted. Its history stays.'] });
    },
  ),
] as const;

const days = ['2024-01-02', '2024-01-03', '2024-01-04', '2024-01-05', '2024-01-08'];
const bars = [
  'date,open,high,low,close,volume',
  ...days.map((day, at) => `${day},10,12,9,${10 + at / 10},100`),
];

export const data = [
  script('data list', 'names the sources and what they have', async ({ vera }) => {
    await vera.types('/data list', { shows: ['demo', '9 symbols, such as SP500', 'csv', 'takes files'] });
  }),
  script('data inspect', 'finds the days on which the exchange was closed out of turn', async ({ vera }) => {
    await vera.types('/data inspect SP500', {
      shows: ['4 after 2001-09-10'],
      fields: { Bars: '5105', First: '2000-01-03', Last: '2020-04-17' },
      buttons: ['Chart'],
    });
    await vera.presses('Chart', { shows: ['SP500'], files: ['price.png'] });
  }),
  script(
    'data import, data compare',
    'a file of bars is taken in when it is right',
    async ({ tom, vera }) => {
      await tom.types(
        '/data import',
        {
          shows: [
            'Take ACME.csv into csv?',
            'ACME, 5 bars of 1d, 2024-01-02 to 2024-01-08.',
            'It is new there.',
          ],
          buttons: confirm,
        },
        { name: 'ACME.csv', data: bars.join('\n') },
      );
      await tom.presses('Confirm', { shows: ['ACME.csv is taken in'] });
      await vera.types('/data inspect ACME source=csv', { fields: { Bars: '5' } });
      await vera.types('/data compare SP500 demo csv', { shows: ['SP500'], tone: 'danger' });
    },
  ),
  script('data forget', 'asks first, and says which sources keep none', async ({ tom }) => {
    await tom.types('/data forget demo', {
      shows: ['Forget what is kept of all symbols at demo?'],
      buttons: confirm,
    });
    await tom.presses('Confirm', { shows: ['Source demo keeps no bars'], tone: 'danger' });
  }),
  script('chart, data chart', 'draws candles with indicators', async ({ vera }) => {
    await vera.types('/chart SP500 6M sma=50,200 rsi=14', {
      shows: ['SP500  sma=50,200  rsi=14', '126 bars of 1d from demo, 2019-10-17 to 2020-04-17.'],
      files: ['SP500-price.png'],
      buttons: ['1M', '3M', '1Y', '5Y', 'max'],
    });
    await vera.presses('1Y', { shows: ['bars of 1d from demo'], files: ['SP500-price.png'] });
    await vera.types('/data chart AMBR,ELMO 1Y', { shows: ['AMBR, ELMO'], files: ['price.png'] });
    await vera.types('/chart SP500 6M smma=20', { shows: ['Did you mean sma?'], tone: 'danger' });
  }),
] as const;
