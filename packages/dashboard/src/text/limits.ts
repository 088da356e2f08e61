/** Characters of one text drawn at most: nobody reads more here, and drawing it would hold up the page. */
export const MAX_DRAWN = 70_000;
