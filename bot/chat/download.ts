/** A file that a platform keeps for us, fetched within a limit of size and time. */
import { UserError } from '../../engine/errors.ts';

const timeLimitMs = 60_000;

/**
 * @param address may hold a secret: it is in no message
 * @throws UserError when it is larger than `maxBytes`, or cannot be had
 */
export async function download(
  address: string,
  { name, maxBytes }: { readonly name: string; readonly maxBytes: number },
): Promise<Uint8Array> {
  const limit = AbortSignal.timeout(timeLimitMs);
  try {
    // An address that leads elsewhere is not the platform's any more.
    const response = await fetch(address, { redirect: 'error', signal: limit });
    if (!response.ok || response.body === null) throw new NotThere(`status ${response.status}`);
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    for await (const piece of response.body as AsyncIterable<Uint8Array>) {
      bytes += piece.length;
      if (bytes > maxBytes) throw tooLarge(name, maxBytes);
      pieces.push(piece);
    }
    return Buffer.concat(pieces);
  } catch (error) {
    if (error instanceof UserError) throw error;
    const why = limit.aborted ? 'it took too long' : error instanceof NotThere ? error.message : 'no answer';
    throw new UserError(`${name} could not be fetched (${why}). Send it again.`);
  }
}

export function tooLarge(name: string, maxBytes: number): UserError {
  const most = maxBytes >= 1_048_576 ? `${maxBytes / 1_048_576} MB` : `${maxBytes / 1024} KB`;
  return new UserError(`${name} is larger than ${most}, the most that this takes.`);
}

class NotThere extends Error {}
