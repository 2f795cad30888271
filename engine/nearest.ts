/** "Did you mean ...?": the known words that a mistyped one is closest to. */

/**
 * Candidates near `word`, best first, at most `limit`; none when nothing is near. Case does not count.
 * Near is: at most a third of the longer word's letters differ, or one begins with the other.
 */
export function nearest(word: string, candidates: readonly string[], limit = 3): string[] {
  const wanted = word.trim().toLowerCase();
  if (wanted === '') return [];
  return candidates
    .map((candidate) => ({ candidate, distance: distanceTo(wanted, candidate.toLowerCase()) }))
    .filter(({ distance }) => distance < Number.POSITIVE_INFINITY)
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, limit)
    .map(({ candidate }) => candidate);
}

function distanceTo(wanted: string, candidate: string): number {
  const edits = editDistance(wanted, candidate);
  const allowed = Math.max(1, Math.floor(Math.max(wanted.length, candidate.length) / 3));
  if (edits <= allowed) return edits;
  const begins = wanted.length > 1 && (candidate.startsWith(wanted) || wanted.startsWith(candidate));
  return begins && candidate !== '' ? allowed + edits : Number.POSITIVE_INFINITY;
}

/**
 * Insertions, deletions, replacements and swaps of neighbours that turn one word into the other: the optimal
 * string alignment distance (Damerau 1964; the recurrence of Wagner and Fischer 1974 with one more case).
 */
function editDistance(from: string, to: string): number {
  let twoAbove: number[] = [];
  let above = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const replaced = from[row - 1] === to[column - 1] ? 0 : 1;
      let best = Math.min(
        (above[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (above[column - 1] ?? 0) + replaced,
      );
      const swapped =
        row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) best = Math.min(best, (twoAbove[column - 2] ?? 0) + 1);
      current.push(best);
    }
    twoAbove = above;
    above = current;
  }
  return above[to.length] ?? 0;
}
