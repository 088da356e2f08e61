import { englishSettings } from "./english-settings.ts";

/** The words of the settings, in the language that `text.ts` picks. Apart from it: they are loaded with their page. */
export const settingsText = englishSettings;
