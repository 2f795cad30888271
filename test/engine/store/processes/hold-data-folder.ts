/** A desk that only holds its data folder: says "held" or why not, and stays until its stdin is closed. */
import { lockDataFolder } from '../../../../engine/store/index.ts';

try {
  await lockDataFolder(process.argv[2] ?? '');
  process.stdout.write('held\n');
  process.stdin.resume();
} catch (error) {
  process.stdout.write(`${error instanceof Error ? `${error.name}: ${error.message}` : error}\n`);
}
