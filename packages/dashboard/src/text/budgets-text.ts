import { englishBudgets } from "./english-budgets.ts";

/** The words about budgets, in the language that `text.ts` picks. Apart from it: they are loaded with the page. */
export const budgetsText = englishBudgets;
