const KEY = "mission-control.theme";
const dark = matchMedia("(prefers-color-scheme: dark)");

/** Light, dark, or as the system says. */
export type Theme = "light" | "dark" | "system";

export function readTheme(): Theme {
  const stored = localStorage.getItem(KEY);
  return stored === "light" || stored === "dark" ? stored : "system";
}

export function saveTheme(theme: Theme): void {
  if (theme === "system") localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, theme);
  applyTheme(theme);
}

export function applyTheme(theme: Theme): void {
  const resolved = theme === "system" ? (dark.matches ? "dark" : "light") : theme;
  document.documentElement.dataset.theme = resolved;
}

dark.addEventListener("change", () => applyTheme(readTheme()));
// Another tab's choice holds here too.
window.addEventListener("storage", ({ key }) => {
  if (key === KEY) applyTheme(readTheme());
});
