import { telegramFloor } from './floors/telegram.ts';
import { playScripts } from './scripts/play.ts';
import { refusesLowerRoles } from './scripts/refusals.ts';

playScripts('on Telegram', telegramFloor, refusesLowerRoles);
