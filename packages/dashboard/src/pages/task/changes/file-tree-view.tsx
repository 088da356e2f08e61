import type { FileDiff } from "../../../text/diff.ts";
import { runText } from "../../../text/run-text.ts";
import { Foreign } from "../../../ui/foreign.tsx";
import { Totals } from "../../../ui/totals.tsx";
import styles from "./changes.module.css";
import { fileTree, type TreeNode } from "./file-tree.ts";

interface FileTreeProps {
  files: readonly FileDiff[];
  hrefOf(file: FileDiff): string;
}

/** The files of a patch in their folders, each a way to its lines. */
export function FileTree({ files, hrefOf }: FileTreeProps) {
  return (
    <nav className={styles.tree} aria-label={runText.changes.tree}>
      <Level nodes={fileTree(files)} hrefOf={hrefOf} />
    </nav>
  );
}

function Level({ nodes, hrefOf }: { nodes: readonly TreeNode<FileDiff>[]; hrefOf: FileTreeProps["hrefOf"] }) {
  return (
    <ul>
      {nodes.map((node) =>
        node.kind === "folder" ? (
          <li key={node.path}>
            <span className={styles.folder}>
              <Foreign max={200}>{node.name}</Foreign>
            </span>
            <Level nodes={node.children} hrefOf={hrefOf} />
          </li>
        ) : (
          <li key={node.path}>
            <a
              href={hrefOf(node.file)}
              onClick={(click) => {
                click.preventDefault();
                // The address says the tab, not the place in it.
                document.getElementById(hrefOf(node.file).slice(1))?.scrollIntoView();
              }}
            >
              <Foreign max={200}>{node.name}</Foreign>
              <Totals added={node.file.added} removed={node.file.removed} />
            </a>
          </li>
        ),
      )}
    </ul>
  );
}
