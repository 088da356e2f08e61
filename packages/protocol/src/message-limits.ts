/** How many files may go with one message. */
export const MAX_ATTACHMENTS = 8;
/** How large the files of one message may be together, in bytes. */
export const MAX_ATTACHMENTS_BYTES = 5 * 1024 * 1024;
