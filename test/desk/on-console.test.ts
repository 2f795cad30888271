import { consoleFloor } from './floors/console.ts';
import { choosesWhatIsMissing } from './scripts/offers.ts';
import { playScripts } from './scripts/play.ts';

playScripts('at the terminal', consoleFloor, choosesWhatIsMissing);
