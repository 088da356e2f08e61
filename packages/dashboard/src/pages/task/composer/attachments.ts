import { runText } from "../../../text/run-text.ts";
import { type Attached, readFiles, whyNotMore, withMore } from "./attached.ts";

/** The files of a message as they stand. The same object while nothing changes. */
export interface AttachmentsView {
  files: readonly Attached[];
  /** Why the last file was not taken, in words. */
  trouble: string | null;
  /** Files are being read still: what is sent now would go without them. */
  isReading: boolean;
}

/** The files that are to go with the message being written, read one choice after the other. */
export class Attachments {
  readonly #read: typeof readFiles;
  readonly #listeners = new Set<() => void>();
  #view: AttachmentsView = { files: [], trouble: null, isReading: false };
  #reading = 0;
  /** Grows with each message: what is still read then belongs to the one before. */
  #message = 0;

  constructor(read: typeof readFiles = readFiles) {
    this.#read = read;
  }

  readonly view = (): AttachmentsView => this.#view;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** @param whyNone why no file can go with the message, in words; null where some can */
  async add(more: readonly File[], whyNone: string | null): Promise<void> {
    if (more.length === 0) return;
    const refused = whyNone ?? whyNotMore(this.#view.files, more);
    if (refused !== null) return this.#set({ trouble: refused });
    const message = this.#message;
    this.#reading += 1;
    this.#set({ isReading: true });
    const read = await this.#read(more).catch(() => null);
    if (message !== this.#message) return;
    this.#reading -= 1;
    const isReading = this.#reading > 0;
    const { files } = this.#view;
    // Others may have been read meanwhile.
    const trouble = read === null ? runText.attach.unreadable : whyNotMore(files, read);
    this.#set({
      isReading,
      trouble,
      files: read === null || trouble !== null ? files : withMore(files, read),
    });
  }

  remove(name: string): void {
    this.#set({ files: this.#view.files.filter((file) => file.name !== name), trouble: null });
  }

  /** Another message is written: with no files, or with those of one that was not sent. */
  replace(files: readonly Attached[]): void {
    this.#message += 1;
    this.#reading = 0;
    this.#set({ files, trouble: null, isReading: false });
  }

  #set(change: Partial<AttachmentsView>): void {
    this.#view = { ...this.#view, ...change };
    for (const listener of this.#listeners) listener();
  }
}
