/** For an option that may be given several times: all that it was given. @param words before this one; false after `--no-…` */
export function collect(word: string, words: string[] | false | undefined): string[] {
  return [...(words || []), word];
}
