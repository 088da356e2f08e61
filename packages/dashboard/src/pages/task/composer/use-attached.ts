import { type ClipboardEvent, type DragEvent, useState, useSyncExternalStore } from "react";
import { Attachments } from "./attachments.ts";

/**
 * The files that are to go with the message being written: chosen, pasted or dropped.
 * @param whyNone why no file can go with it, in words; null where some can
 */
export function useAttached(whyNone: string | null) {
  const [attachments] = useState(() => new Attachments());
  const view = useSyncExternalStore(attachments.subscribe, attachments.view);
  const add = (more: readonly File[]) => attachments.add(more, whyNone);
  return {
    ...view,
    add,
    remove: (name: string) => attachments.remove(name),
    replace: (files: Parameters<Attachments["replace"]>[0]) => attachments.replace(files),
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
