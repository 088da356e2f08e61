import { englishInbox } from "./english-inbox.ts";

/** The words of the inbox, in the language that `text.ts` picks. Apart from it: they are loaded with the inbox. */
export const inboxText = englishInbox;
