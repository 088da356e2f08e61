import { Close, Content, Description, Portal, Root, Title } from "@radix-ui/react-dialog";
import { type KeyboardEvent, type ReactNode, useRef } from "react";
import { text } from "../text/text.ts";
import { IconButton } from "./button.tsx";
import styles from "./dialog.module.css";
import { keepGivenFocus } from "./given-focus.ts";

interface DialogProps {
  title: string;
  description?: string | undefined;
  wide?: boolean;
  /** It holds only words: the keyboard scrolls them. */
  reading?: boolean;
  onClose(): void;
  children: ReactNode;
}

/**
 * A dialog over the page: keeps the focus inside, closes on Escape and on a click beside it, and gives the focus back.
 * The library's own overlay is not used, since its scroll lock writes a style element; this page's body never scrolls.
 */
export function Dialog({ title, description, wide, reading, onClose, children }: DialogProps) {
  const content = useRef<HTMLDivElement>(null);
  return (
    <Root open onOpenChange={(open) => open || onClose()}>
      <Portal>
        <div className={styles.backdrop} />
        <Content
          ref={content}
          onOpenAutoFocus={(event) => {
            const field = content.current?.querySelector<HTMLElement>("input, textarea, select");
            if (!field) return;
            event.preventDefault();
            field.focus();
          }}
          onCloseAutoFocus={keepGivenFocus}
          onKeyDown={submitByKeys}
          className={`${styles.dialog} ${wide ? styles.wide : ""}`}
          {...(description ? {} : { "aria-describedby": undefined })}
        >
          <header className={styles.header}>
            <Title asChild>
              <h2>{title}</h2>
            </Title>
            <Close asChild>
              <IconButton icon="close" label={text.close} />
            </Close>
          </header>
          <div className={styles.body} tabIndex={reading ? 0 : undefined}>
            {description ? <Description className={styles.description}>{description}</Description> : null}
            {children}
          </div>
        </Content>
      </Portal>
    </Root>
  );
}

/** Ctrl+Enter (or ⌘ Enter) sends a dialog's form from any of its fields, as its button would. */
function submitByKeys(event: KeyboardEvent<HTMLElement>): void {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  const button = event.currentTarget.querySelector<HTMLButtonElement>("form button[type='submit']");
  if (!button || button.disabled) return;
  event.preventDefault();
  button.form?.requestSubmit(button);
}

/** The buttons at a dialog's end. */
export function DialogActions({ children }: { children: ReactNode }) {
  return <div className={styles.actions}>{children}</div>;
}
