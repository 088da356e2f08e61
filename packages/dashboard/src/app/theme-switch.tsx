import { useState } from "react";
import { text } from "../text/text.ts";
import { IconButton } from "../ui/button.tsx";
import { readTheme, saveTheme, type Theme } from "./theme.ts";

const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const ICON = { system: "display", light: "sun", dark: "moon" } as const;

/** Goes from the system's choice to light to dark and around. */
export function ThemeSwitch() {
  const [theme, setTheme] = useState(readTheme);
  return (
    <IconButton
      icon={ICON[theme]}
      label={text.theme.switch(text.theme[theme])}
      onClick={() => {
        saveTheme(NEXT[theme]);
        setTheme(NEXT[theme]);
      }}
    />
  );
}
