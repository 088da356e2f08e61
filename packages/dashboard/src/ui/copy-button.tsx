import { useEffect, useState } from "react";
import { text } from "../text/text.ts";
import { IconButton } from "./button.tsx";

const CONFIRM_MS = 1_500;

/** Copies a text, and says that it did. */
export function CopyButton({ value, label = text.copy }: { value: string; label?: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), CONFIRM_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <>
      <IconButton
        icon={copied ? "check" : "copy"}
        label={copied ? text.copied : label}
        onClick={async () => {
          await copyText(value);
          setCopied(true);
        }}
      />
      <span className="visually-hidden" role="status">
        {copied ? text.copied : ""}
      </span>
    </>
  );
}

/** Puts a text on the clipboard, also where the page is not from a secure origin. */
export async function copyText(value: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(value);
  const area = document.createElement("textarea");
  area.value = value;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
