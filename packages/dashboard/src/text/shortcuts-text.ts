import { englishShortcuts } from "./english-shortcuts.ts";

/** What the sheet of keyboard shortcuts says. */
export const shortcutsText = englishShortcuts;
