import { KeptChoice } from "./kept-choice.ts";

const dark = matchMedia("(prefers-color-scheme: dark)");

/** Light, dark, or as the system says. */
export type Theme = "light" | "dark" | "system";

export const theme = new KeptChoice<Theme>({
  key: "mission-control.theme",
  values: ["system", "light", "dark"],
  apply(value) {
    const resolved = value === "system" ? (dark.matches ? "dark" : "light") : value;
    document.documentElement.dataset.theme = resolved;
  },
});

dark.addEventListener("change", () => theme.apply());
