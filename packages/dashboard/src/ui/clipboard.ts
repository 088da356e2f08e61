/** The page a text is copied in. `clipboard` is missing over plain http on a name. */
export interface CopyPage {
  navigator: { clipboard?: Pick<Clipboard, "writeText"> };
  document: Document;
}

/**
 * Puts a text on the clipboard, also where the page is not from a secure origin and `navigator.clipboard` is missing.
 * @returns whether the browser did it; it may refuse (no permission, no focus, a frame)
 */
export async function copyText(value: string, page: CopyPage = globalThis): Promise<boolean> {
  try {
    const { clipboard } = page.navigator;
    if (clipboard) {
      await clipboard.writeText(value);
      return true;
    }
  } catch {
    // Refused: the old way may still be allowed.
  }
  return copySelection(value, page.document);
}

/** The old way: select the text in the page and ask for a copy of what is selected. */
function copySelection(value: string, document: Document): boolean {
  const area = document.createElement("textarea");
  area.value = value;
  // In an open dialog the focus is kept inside, so the text has to be there too, or nothing is selected.
  const focused = document.activeElement;
  const place = focused?.closest("dialog, [role=dialog]") ?? document.body;
  place.append(area);
  try {
    area.select();
    return document.execCommand("copy");
  } catch {
    return false;
  } finally {
    area.remove();
    (focused as HTMLElement | null)?.focus?.();
  }
}
