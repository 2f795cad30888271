/** Saying which of several shares is meant, by pressing it. */
import { expect } from 'vitest';
import type { TestTws } from '../../support/tws/index.ts';
import { asksUntil, type Script, script } from './script.ts';

/** @param tws the TWS of the broker `ib`, where the book `vienna` trades */
export function contracts(tws: () => TestTws): readonly Script[] {
  return [
    script(
      'broker contract',
      'asks by buttons which share is meant, and trades what waited for the answer',
      async ({ tom, vera, desk }) => {
        const alert = { key: 'vienna-key-1234', id: 'omv-1', action: 'buy', symbol: 'OMV', quantity: 10 };
        expect((await desk.alert('vienna', alert)).status).toBe(200);
        await tom.types('/broker contract ib OMV', {
          shows: ['What OMV can mean at ib', 'OMV@VSE/EUR', 'OMV@IBIS/EUR'],
          lacks: ['(chosen)'],
          buttons: ['OMV@VSE/EUR', 'OMV@IBIS/EUR'],
        });
        expect(tws().orders(), 'nothing is guessed').toEqual([]);
        await tom.presses('OMV@VSE/EUR', {
          shows: ['At ib OMV means OMV@VSE/EUR, in EUR, from now on.'],
          tone: 'success',
        });
        await asksUntil(vera, '/fills vienna', /Bought 10 OMV@VSE\/EUR/);
        expect(
          tws()
            .orders()
            .map(({ listing }) => listing.primaryExchange),
        ).toEqual(['VSE']);
      },
    ),
    script('broker contract', 'shows what was chosen, and takes another answer', async ({ tom }) => {
      await tom.types('/broker contract ib OMV', { shows: [/OMV@VSE\/EUR.*\(chosen\)/] });
      await tom.presses('OMV@IBIS/EUR', { shows: ['At ib OMV means OMV@IBIS/EUR'] });
      await tom.types('/broker contract ib OMV', { shows: [/OMV@IBIS\/EUR.*\(chosen\)/] });
      await tom.types('/broker contract ib OMV SAP@IBIS/EUR', {
        shows: ['"OMV" cannot mean SAP@IBIS/EUR at ib, only OMV@VSE/EUR, OMV@IBIS/EUR.'],
        tone: 'danger',
      });
    }),
  ];
}
