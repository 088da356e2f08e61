import { Link } from "@tanstack/react-router";
import { text } from "../text/text.ts";
import { Empty } from "../ui/page-state.tsx";
import styles from "./shell.module.css";

/** An address that leads nowhere. */
export function NotFound() {
  return (
    <Empty icon="search" title={text.notFound.title}>
      <Link to="/" className={styles.link}>
        {text.notFound.back}
      </Link>
    </Empty>
  );
}
