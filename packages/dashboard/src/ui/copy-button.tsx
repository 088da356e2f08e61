import { useEffect, useState } from "react";
import { text } from "../text/text.ts";
import { IconButton } from "./button.tsx";
import { copyText } from "./clipboard.ts";

const TOLD_MS = 1_500;
/** Longer: there is something to do by hand. */
const REFUSED_MS = 6_000;

/** Copies a text, and says whether that was done. */
export function CopyButton({ value, label = text.copy }: { value: string; label?: string }) {
  const [outcome, setOutcome] = useState<"copied" | "refused" | null>(null);
  useEffect(() => {
    if (outcome === null) return;
    const timer = setTimeout(() => setOutcome(null), outcome === "copied" ? TOLD_MS : REFUSED_MS);
    return () => clearTimeout(timer);
  }, [outcome]);
  const said = outcome === "copied" ? text.copied : outcome === "refused" ? text.notCopied : "";
  return (
    <>
      <IconButton
        icon={outcome === "copied" ? "check" : outcome === "refused" ? "warning" : "copy"}
        label={said || label}
        onClick={async () => setOutcome((await copyText(value)) ? "copied" : "refused")}
      />
      <span className={outcome === "refused" ? undefined : "visually-hidden"} role="status">
        {said}
      </span>
    </>
  );
}
