/**
 * How well a few letters somebody typed fit a name: 0 where they are not in it in their order, else more the closer they
 * stand together and the more of them begin a word. Case does not matter.
 */
export function fuzzyScore(typed: string, name: string): number {
  const needle = typed.toLowerCase();
  const words = name.toLowerCase();
  if (needle === "") return 1;
  const whole = words.indexOf(needle);
  // As it was typed is better than any letters between others.
  if (whole >= 0) return 1_000 + (beginsWord(words, whole) ? 100 : 0) - Math.min(99, whole);
  let score = 0;
  let at = -1;
  for (const letter of needle) {
    if (letter === " ") continue;
    const next = words.indexOf(letter, at + 1);
    if (next < 0) return 0;
    score += beginsWord(words, next) ? 10 : next === at + 1 ? 5 : 1;
    at = next;
  }
  return score;
}

function beginsWord(words: string, at: number): boolean {
  return at === 0 || !/[\p{L}\p{N}]/u.test(words[at - 1] ?? "");
}
