/** What is said of saved views beyond the words of all pages; it comes with them. */
export const englishViews = {
  title: "Views",
  save: "Save view",
  saveTitle: "Save this view",
  saveHint: "It stands in the sidebar, in every browser that is logged in here.",
  name: "Name",
  menu: (name: string) => `Actions for the view ${name}`,
  rename: "Rename",
  renameTitle: "Rename the view",
  update: "Use the filters shown now",
  up: "Move up",
  down: "Move down",
  remove: "Remove",
  removed: (name: string) => `Removed the view “${name}”`,
};
