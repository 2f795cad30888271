import { consoleFloor } from './floors/console.ts';
import { playScripts } from './scripts/play.ts';

playScripts('at the terminal', consoleFloor);
