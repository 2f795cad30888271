import { telegramFloor } from './floors/telegram.ts';
import { choosesWhatIsMissing } from './scripts/offers.ts';
import { playScripts } from './scripts/play.ts';
import { refusesLowerRoles } from './scripts/refusals.ts';

playScripts('on Telegram', telegramFloor, (floor) => {
  refusesLowerRoles(floor);
  choosesWhatIsMissing(floor);
});
