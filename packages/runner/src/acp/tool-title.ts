/** Keys under which tools keep what they work on, best first. */
const SUBJECTS = ["command", "cmd", "file_path", "filePath", "fileName", "path", "pattern", "url", "query"];

/** A tool call in one line: its title, and what it works on where the title does not say so. */
export function toolTitle(title: string, input: unknown): string {
  const subject = subjectOf(input);
  if (subject === undefined || title.includes(subject) || subject.includes(title)) return title;
  return `${title}: ${subject}`;
}

function subjectOf(input: unknown): string | undefined {
  if (typeof input !== "object" || input === null) return undefined;
  for (const key of SUBJECTS) {
    const value = (input as Record<string, unknown>)[key];
    if (typeof value === "string" && value !== "") return value;
    if (Array.isArray(value) && value.length > 0) return value.join(" ");
  }
  return undefined;
}
