import { englishPalette } from "./english-palette.ts";

/** The words of the palette, in the language that `text.ts` picks. Apart from it: they are loaded with the palette. */
export const paletteText = englishPalette;
