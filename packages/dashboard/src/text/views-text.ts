import { englishViews } from "./english-views.ts";

/** The words of saved views, in the language that `text.ts` picks. Apart from it: they are loaded with the views. */
export const viewsText = englishViews;
