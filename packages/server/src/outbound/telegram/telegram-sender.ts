import { objectIn, textIn } from "../service-call.ts";
import type { MessageService } from "../service-sender.ts";

/** How it refuses to change a message that is gone, too old, or just as it should be already. */
const UNCHANGEABLE = /message (is not modified|to edit not found|can't be edited)/;

/** Messages of a bot. @see https://core.telegram.org/bots/api#sendmessage */
export const TELEGRAM: MessageService = {
  isFinal: (refusal) => UNCHANGEABLE.test(refusal),
  placeIn: (json) => {
    const message = objectIn(json, "result");
    return { channel: textIn(objectIn(message, "chat"), "id"), message: textIn(message, "message_id") };
  },
};
