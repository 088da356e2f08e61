import { englishInsights } from "./english-insights.ts";

/** The words of the Insights page, in the language that `text.ts` picks. Apart from it: they are loaded with the page. */
export const insightsText = englishInsights;
