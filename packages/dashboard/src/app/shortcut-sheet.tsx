import { shortcutsText } from "../text/shortcuts-text.ts";
import { Dialog } from "../ui/dialog.tsx";
import styles from "./overlays.module.css";

/** Every key there is. */
export default function ShortcutSheet({ onClose }: { onClose(): void }) {
  return (
    <Dialog title={shortcutsText.title} reading onClose={onClose}>
      {shortcutsText.groups.map(({ name, keys }) => (
        <section key={name}>
          <h3>{name}</h3>
          <dl className={styles.keys}>
            {keys.map(([combination, what]) => (
              <div key={combination}>
                <dt>{what}</dt>
                <dd>
                  {combination.split(" ").map((key) => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </Dialog>
  );
}
