/** What a confirmation promises: it is pressed once, and not for ever. */
import { confirm, script } from './script.ts';

export const buttons = [
  script('book deposit', 'pressed twice moves the money once', async ({ ann, vera }) => {
    await ann.types('/book deposit guest 7', { shows: ['Deposit 7 USD into guest?'], buttons: confirm });
    await ann.pressesTwice('Confirm', { shows: [`This was already confirmed by ${ann.name}.`] });
    await vera.types('/book show guest', { fields: { Capital: '10,007.00 USD' } });
  }),
  script('book deposit', 'left unpressed for too long moves nothing', async ({ ann, vera, minutesPass }) => {
    await ann.types('/book deposit guest 9', { shows: ['Deposit 9 USD into guest?'], buttons: confirm });
    minutesPass(6);
    await ann.presses('Confirm', { shows: ['This button has expired.'], tone: 'danger' });
    await vera.types('/book show guest', { fields: { Capital: '10,007.00 USD' } });
  }),
  script('book deposit', 'cancelled moves nothing', async ({ ann, vera }) => {
    await ann.types('/book deposit guest 11', { shows: ['Deposit 11 USD into guest?'], buttons: confirm });
    await ann.presses('Cancel', { shows: ['Cancelled: /book deposit', 'was not done.'] });
    await vera.types('/book show guest', { fields: { Capital: '10,007.00 USD' } });
  }),
] as const;
