/** The line that somebody went to, and where it stood then. */
export interface Choice {
  id: string;
  index: number;
}

/**
 * Where the chosen line stands now: what the server finds may come in above it. Where it is gone, what stands there; the
 * first where nothing was chosen; -1 where there is nothing.
 */
export function indexOfChoice(lines: readonly { id: string }[], choice: Choice | null): number {
  const found = choice === null ? -1 : lines.findIndex(({ id }) => id === choice.id);
  return found >= 0 ? found : Math.min(choice?.index ?? 0, lines.length - 1);
}

/** The next line, or the one before; behind the last is the first. Null where there is none. */
export function stepFrom(lines: readonly { id: string }[], at: number, by: 1 | -1): Choice | null {
  const index = (at + by + lines.length) % Math.max(1, lines.length);
  const line = lines[index];
  return line ? { id: line.id, index } : null;
}
