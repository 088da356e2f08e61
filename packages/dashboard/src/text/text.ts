import { english } from "./english.ts";

/**
 * Every word the dashboard shows. Another language is another object of the same shape; pick it here.
 */
export const text = english;

export type Text = typeof english;
