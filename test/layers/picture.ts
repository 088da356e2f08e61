import { type Import, importsBetweenPackages, importsBetweenRooms } from "./imports.ts";

const BEGIN = "<!-- made by `npm run architecture`: do not edit -->";
const END = "<!-- end of what is made -->";

/** The document with its pictures as the imports are now. @throws Error when it has no place for them */
export function withPictures(document: string): string {
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`The document lacks "${BEGIN}" and "${END}".`);
  const made = [
    "The packages:",
    picture(importsBetweenPackages()),
    "The rooms of the server; the files that stand alone beside them are left out:",
    picture(importsBetweenRooms().filter(({ from, to }) => !isFile(from) && !isFile(to))),
  ];
  return `${document.slice(0, begin)}${BEGIN}\n\n${made.join("\n\n")}\n\n${document.slice(end)}`;
}

/** A Mermaid chart of who imports whom. What follows from two other arrows is left out. */
function picture(imports: readonly Import[]): string {
  const edges = new Map<string, Set<string>>();
  for (const { from, to } of imports) edges.set(from, (edges.get(from) ?? new Set()).add(to));
  const lines: string[] = [];
  for (const from of [...edges.keys()].sort()) {
    const direct = [...(edges.get(from) ?? [])].sort();
    for (const to of direct) {
      const isImplied = direct.some((other) => other !== to && reaches(edges, other, to));
      if (!isImplied) lines.push(`  ${from} --> ${to}`);
    }
  }
  return ["```mermaid", "flowchart TD", ...lines, "```"].join("\n");
}

function reaches(edges: ReadonlyMap<string, ReadonlySet<string>>, from: string, to: string): boolean {
  const seen = new Set<string>();
  const waiting = [from];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    if (at === to) return true;
    if (seen.has(at)) continue;
    seen.add(at);
    waiting.push(...(edges.get(at) ?? []));
  }
  return false;
}

function isFile(room: string): boolean {
  return room.endsWith(".ts");
}
