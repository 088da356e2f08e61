import { englishWebhooks } from "./english-webhooks.ts";

/** Every word of the Webhooks page, which comes with it; as `text` is for the rest. */
export const webhooksText = englishWebhooks;
