import { englishBoard } from "./english-board.ts";

/** What the board says beyond the words of all pages. */
export const boardText = englishBoard;
