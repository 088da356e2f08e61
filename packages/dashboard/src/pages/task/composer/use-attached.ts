import { type ClipboardEvent, type DragEvent, useState } from "react";
import { runText } from "../../../text/run-text.ts";
import { type Attached, readFiles, whyNotMore, withMore } from "./attached.ts";

/**
 * The files that are to go with the message being written: chosen, pasted or dropped.
 * @param whyNone why no file can go with it, in words; null where some can
 */
export function useAttached(whyNone: string | null) {
  const [files, setFiles] = useState<readonly Attached[]>([]);
  const [trouble, setTrouble] = useState<string | null>(null);
  const add = async (more: readonly File[]) => {
    if (more.length === 0) return;
    const reason = whyNone ?? whyNotMore(files, more);
    if (reason !== null) return setTrouble(reason);
    try {
      const read = await readFiles(more);
      setFiles((now) => withMore(now, read));
      setTrouble(null);
    } catch {
      setTrouble(runText.attach.unreadable);
    }
  };
  return {
    files,
    /** Why the last file was not taken, in words. */
    trouble,
    add,
    remove(name: string) {
      setFiles((now) => now.filter((file) => file.name !== name));
      setTrouble(null);
    },
    /** Puts others in their place: none, or those of a message that was not sent. */
    replace(other: readonly Attached[]) {
      setFiles(other);
      setTrouble(null);
    },
    /** For the form: what is pasted or dropped as a file is attached, and text goes its way. */
    takes: {
      onPaste(event: ClipboardEvent) {
        const pasted = [...event.clipboardData.files];
        if (pasted.length === 0) return;
        event.preventDefault();
        void add(pasted);
      },
      onDragOver(event: DragEvent) {
        if (event.dataTransfer.types.includes("Files")) event.preventDefault();
      },
      onDrop(event: DragEvent) {
        if (event.dataTransfer.files.length === 0) return;
        event.preventDefault();
        void add([...event.dataTransfer.files]);
      },
    },
  };
}
