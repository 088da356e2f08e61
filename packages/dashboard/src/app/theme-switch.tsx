import { useSyncExternalStore } from "react";
import { text } from "../text/text.ts";
import { IconButton } from "../ui/button.tsx";
import { type Theme, theme } from "./theme.ts";

const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const ICON = { system: "display", light: "sun", dark: "moon" } as const;

/** Goes from the system's choice to light to dark and around. */
export function ThemeSwitch() {
  const now = useSyncExternalStore(theme.subscribe, () => theme.value);
  return (
    <IconButton
      icon={ICON[now]}
      label={text.theme.switch(text.theme[now])}
      onClick={() => theme.choose(NEXT[now])}
    />
  );
}
