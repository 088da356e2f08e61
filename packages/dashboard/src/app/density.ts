import { useSyncExternalStore } from "react";
import { KeptChoice } from "./kept-choice.ts";

/** How much room lines and cards have (styles/tokens.css). */
export type Density = "comfortable" | "compact";

export const density = new KeptChoice<Density>({
  key: "mission-control.density",
  values: ["comfortable", "compact"],
  apply(value) {
    document.documentElement.dataset.density = value;
  },
});

const phone = matchMedia("(max-width: 640px)");
/** Of a line, as the tokens say; null until it is asked for: to look it up takes the browser's layout. */
let rowHeight: number | null = null;

/** The height of a line of the lists whose lines are placed by script, in pixels. */
export function useRowHeight(): number {
  return useSyncExternalStore(subscribe, () => {
    rowHeight ??= Number.parseFloat(
      getComputedStyle(document.documentElement).getPropertyValue("--row-height"),
    );
    return rowHeight;
  });
}

function subscribe(listener: () => void): () => void {
  const onChange = () => {
    rowHeight = null;
    listener();
  };
  const stop = density.subscribe(onChange);
  phone.addEventListener("change", onChange);
  return () => {
    stop();
    phone.removeEventListener("change", onChange);
  };
}
