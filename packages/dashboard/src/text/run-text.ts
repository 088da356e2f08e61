import { englishRun } from "./english-run.ts";

/** The words of a run, in the language that `text.ts` picks. Apart from it: they are loaded with the pages that need them. */
export const runText = englishRun;
