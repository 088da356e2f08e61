import { type KeyboardEvent, useEffect, useRef } from "react";
import { isPageKey } from "../../../app/shortcuts.ts";
import { runText } from "../../../text/run-text.ts";
import { Button, IconButton } from "../../../ui/button.tsx";
import { Icon } from "../../../ui/icon.tsx";
import styles from "./transcript.module.css";
import type { Finding } from "./use-find.ts";

interface TranscriptBarProps {
  words: string;
  onWords(words: string): void;
  find: Finding;
  onStep(by: 1 | -1): void;
  errors: number;
  onError(): void;
}

/** Finds words in the transcript and jumps to what went wrong. `/` begins, Enter and Shift+Enter go on. */
export function TranscriptBar({ words, onWords, find, onStep, errors, onError }: TranscriptBarProps) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent) => {
      if (event.key !== "/" || !isPageKey(event)) return;
      event.preventDefault();
      field.current?.focus();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter") onStep(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape" && words !== "") onWords("");
    else return;
    event.preventDefault();
  };
  const { matches, at } = find;
  return (
    <search className={styles.bar}>
      <label className={styles.find}>
        <Icon name="search" size={14} />
        <span className="visually-hidden">{runText.transcript.find}</span>
        <input
          ref={field}
          type="search"
          value={words}
          placeholder={runText.transcript.find}
          onChange={(event) => onWords(event.target.value)}
          onKeyDown={onKeyDown}
        />
      </label>
      {words.trim() === "" ? null : (
        <>
          <span className={styles.found} role="status">
            {matches.length === 0
              ? runText.transcript.foundNone
              : runText.transcript.found(at + 1, matches.length)}
          </span>
          <IconButton icon="up" label={runText.transcript.previous} onClick={() => onStep(-1)} />
          <IconButton icon="down" label={runText.transcript.next} onClick={() => onStep(1)} />
        </>
      )}
      {errors > 0 ? (
        <Button kind="quiet" icon="warning" title={runText.transcript.nextError} onClick={onError}>
          {runText.transcript.errors(errors)}
        </Button>
      ) : null}
    </search>
  );
}
