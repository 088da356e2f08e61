/** A folder of a patch, or a file in one. */
export type TreeNode<File> =
  | { kind: "folder"; name: string; path: string; children: TreeNode<File>[] }
  | { kind: "file"; name: string; path: string; file: File };

/** Files by their folders: folders first, each by name; a folder that holds one folder alone is written with it. */
export function fileTree<File extends { path: string }>(files: readonly File[]): TreeNode<File>[] {
  const root: TreeNode<File>[] = [];
  for (const file of files) {
    const names = file.path.split("/");
    const name = names.pop() ?? file.path;
    let level = root;
    let path = "";
    for (const folderName of names) {
      path += `${folderName}/`;
      const known = level.find((node) => node.kind === "folder" && node.path === path);
      const folder: TreeNode<File> = known ?? { kind: "folder", name: folderName, path, children: [] };
      if (!known) level.push(folder);
      if (folder.kind === "folder") level = folder.children;
    }
    level.push({ kind: "file", name, path: file.path, file });
  }
  return tidy(root);
}

function tidy<File>(nodes: readonly TreeNode<File>[]): TreeNode<File>[] {
  return nodes
    .map((node): TreeNode<File> => {
      if (node.kind === "file") return node;
      const children = tidy(node.children);
      const [only] = children;
      if (children.length === 1 && only?.kind === "folder")
        return { ...only, name: `${node.name}/${only.name}` };
      return { ...node, children };
    })
    .sort((one, other) =>
      one.kind === other.kind ? one.name.localeCompare(other.name) : one.kind === "folder" ? -1 : 1,
    );
}
