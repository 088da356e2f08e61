import { Content, Item, Portal, Root, Separator, Trigger } from "@radix-ui/react-dropdown-menu";
import { IconButton } from "./button.tsx";
import { keepGivenFocus } from "./given-focus.ts";
import { Icon, type IconName } from "./icon.tsx";
import styles from "./menu.module.css";

/** One line of a menu; `null` in a list of them is a divider. */
export interface MenuEntry {
  label: string;
  icon: IconName;
  danger?: boolean;
  onSelect(): void;
}

interface MenuProps {
  label: string;
  entries: readonly (MenuEntry | null)[];
  /** Whether it is open, where something else than its button opens it as well. */
  open: boolean;
  onOpenChange(open: boolean): void;
  /** Whether Tab comes to it; else the keyboard comes by a key of what it belongs to. */
  tabStop?: boolean;
}

/** Three dots that open a list of actions. */
export function Menu({ label, entries, open, onOpenChange, tabStop = false }: MenuProps) {
  return (
    <Root modal={false} open={open} onOpenChange={onOpenChange}>
      <Trigger asChild>
        <IconButton icon="more" label={label} tabIndex={tabStop ? 0 : -1} />
      </Trigger>
      <Portal>
        <Content
          className={styles.menu}
          align="end"
          sideOffset={4}
          collisionPadding={8}
          onCloseAutoFocus={keepGivenFocus}
        >
          {entries.map((entry, index) =>
            entry ? (
              <Item
                key={entry.label}
                className={`${styles.item} ${entry.danger ? styles.danger : ""}`}
                onSelect={entry.onSelect}
              >
                <Icon name={entry.icon} size={14} />
                {entry.label}
              </Item>
            ) : (
              <Separator key={`divider-${entries[index - 1]?.label}`} className={styles.separator} />
            ),
          )}
        </Content>
      </Portal>
    </Root>
  );
}
