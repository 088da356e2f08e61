import { englishAddAgent, englishAgents } from "./english-agents.ts";

/** The words of the agents' page, in the language that `text.ts` picks. Apart from it: they are loaded with the page. */
export const agentsText = englishAgents;
export const addAgentText = englishAddAgent;
