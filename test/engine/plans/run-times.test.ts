/** The times at which plans run: as they are written, and as instants of a market. */
import { describe, expect, it } from 'vitest';
import { calendar } from '../../../engine/market/calendars/index.ts';
import { momentsAfter, momentsBetween } from '../../../engine/plans/moments.ts';
import { planSettings } from '../../../engine/plans/plan.ts';
import { parseRunTimes, runTimeText } from '../../../engine/plans/run-times.ts';

const texts = (text: string) => parseRunTimes(text).map(runTimeText);

describe('run times as they are written', () => {
  it('are single times, ranges with a step, and times of the session, each once and in order', () => {
    expect(texts('15:59:30, 9:30')).toEqual(['09:30', '15:59:30']);
    expect(texts('9:30:01-11:00/30min')).toEqual(['09:30:01', '10:00:01', '10:30:01']);
    expect(texts('9:30-10:30/30min, 10:00')).toEqual(['09:30', '10:00', '10:30']);
    expect(texts('close-2min, open, 12:00, open + 90s')).toEqual(['open', 'open+90s', '12:00', 'close-2min']);
    expect(texts('0:00, 23:59:59')).toEqual(['00:00', '23:59:59']);
  });

  it('that cannot be read are refused with the part that is wrong', () => {
    const refused: [text: string, why: RegExp][] = [
      ['9:30,,10:00', /nothing between two commas/],
      ['24:00', /"24:00" is not a time of day/],
      ['9:60', /"9:60" is not a time of day/],
      ['noon', /"noon" is not a time of day/],
      ['9:30-16:00', /does not say how often/],
      ['16:00-9:30/30min', /ends before it begins/],
      ['9:30-16:00/0min', /step of nothing/],
      ['9:30-16:00/soon', /"soon" in .* is no span/],
      ['0:00-23:59/1s', /more than 1500 times/],
      ['close-soon', /"soon" in .* is no span/],
    ];
    for (const [text, why] of refused) expect(() => parseRunTimes(text), text).toThrow(why);
  });
});

function plan(settings: object) {
  return planSettings.parse({
    name: 'p',
    strategy: 's',
    symbols: ['AMBR'],
    source: 'demo',
    backtestStart: '2024-01-02',
    book: 'b',
    ...settings,
  });
}

const newYork = calendar('XNYS');
const next = (settings: object, after: string, count = 3) =>
  momentsAfter(plan({ calendar: 'XNYS', ...settings }), newYork, new Date(after), count).map(
    ({ session, time, at }) => `${session} ${time} ${at.toISOString().slice(0, 19)}`,
  );

describe('the moments of a plan', () => {
  it('are on trading days only, and follow daylight saving', () => {
    expect(next({ schedule: { times: '16:30' } }, '2024-03-07T22:00:00Z')).toEqual([
      '2024-03-08 16:30 2024-03-08T21:30:00',
      '2024-03-11 16:30 2024-03-11T20:30:00',
      '2024-03-12 16:30 2024-03-12T20:30:00',
    ]);
    expect(next({ schedule: { times: '16:30' } }, '2024-03-28T21:00:00Z', 1), 'Good Friday has none').toEqual(
      ['2024-04-01 16:30 2024-04-01T20:30:00'],
    );
  });

  it('of a plan that trades on the close come earlier on a day that ends early', () => {
    const settings = { entry: 'on close', schedule: { times: '12:00, 15:59:30' } };
    expect(next(settings, '2024-11-29T00:00:00Z', 2)).toEqual([
      '2024-11-29 12:00 2024-11-29T17:00:00',
      '2024-11-29 15:59:30 2024-11-29T17:59:30',
    ]);
  });

  it('that a short day has closed before are left out for regular hours, and kept for the next open', () => {
    const times = '12:30-15:00/30min';
    const shortDay = (entry: string) =>
      next({ entry, schedule: { times } }, '2024-11-29T00:00:00Z', 20).filter((text) =>
        text.startsWith('2024-11-29'),
      );
    expect(shortDay('regular hours')).toEqual(['2024-11-29 12:30 2024-11-29T17:30:00']);
    expect(shortDay('on open')).toHaveLength(6);
  });

  it('before the close follow the close itself', () => {
    const settings = { entry: 'on close', schedule: { times: 'close-2min' } };
    expect(next(settings, '2024-11-27T22:00:00Z', 2)).toEqual([
      '2024-11-29 close-2min 2024-11-29T17:58:00',
      '2024-12-02 close-2min 2024-12-02T20:58:00',
    ]);
  });

  it('between two instants leave out the first and take in the last', () => {
    const settings = plan({ schedule: { times: '9:30', timezone: 'Europe/Berlin' } });
    const at = (text: string) => new Date(text);
    const found = momentsBetween(settings, undefined, at('2024-03-29T08:30:00Z'), at('2024-03-31T07:30:00Z'));
    expect(
      found.map(({ at }) => at.toISOString().slice(0, 16)),
      'every day, and an hour earlier in summer',
    ).toEqual(['2024-03-30T08:30', '2024-03-31T07:30']);
  });
});

describe('the settings of a plan', () => {
  const wrong: [settings: object, why: RegExp][] = [
    [{ schedule: { times: '9:70', timezone: 'UTC' } }, /must be times of day: "9:70"/],
    [{ schedule: { times: '9:00' } }, /without a calendar it is needed/],
    [{ schedule: { times: 'close-1min', timezone: 'UTC' } }, /name a calendar/],
    [{ entry: 'on close' }, /needs the sessions of a market/],
    [{ calendar: 'XMARS' }, /must be one of XNYS/],
    [{ mode: 'incremental', holding: { AMBR: 1 } }, /is for strict plans/],
    [{ holding: { XYZ: 1 } }, /names XYZ, which is not among the symbols/],
  ];
  it.each(wrong)('refuse %j', (settings, why) => {
    const result = planSettings.safeParse({ ...plan({}), ...settings });
    expect(result.error?.issues.map(({ message }) => message).join('; ')).toMatch(why);
  });
});
