/** The first code in a process that strategies run apart in: it registers tsx, so that the rest may be TypeScript. */
import { register } from 'tsx/esm/api';

register();
await import('./child.ts');
