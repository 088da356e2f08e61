/** Files that may go with one message, and how large all of them together may be, in bytes. */
export const MAX_ATTACHMENTS = 8;
export const MAX_ATTACHMENTS_BYTES = 5 * 1024 * 1024;
