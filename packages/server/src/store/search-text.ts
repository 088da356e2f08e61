/** Characters of a description that a search looks through. */
const SEARCHED_DESCRIPTION = 8192;

/** What a search looks through: the title and the first part of the description. */
export function searchText(title: string, description: string): string {
  return `${title}\n${description.slice(0, SEARCHED_DESCRIPTION)}`;
}
